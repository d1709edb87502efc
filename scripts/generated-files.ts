import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** The root of the repository. */
export const root = join(import.meta.dirname, '..')

/** Text by path from the root: what generated files should say. */
export type GeneratedFiles = ReadonlyMap<string, string>

/** The paths whose files are missing or say something else. */
export async function staleFiles(files: GeneratedFiles): Promise<string[]> {
  const stale = await Promise.all(
    [...files].map(async ([path, text]) => ((await textOf(path)) === text ? [] : [path])),
  )
  return stale.flat()
}

async function textOf(path: string): Promise<string | undefined> {
  const file = join(root, path)
  return existsSync(file) ? readFile(file, 'utf8') : undefined
}

/** Writes what is stale; with `--check` on the command line it only says so, and the process fails. */
export async function writeOrCheck(files: GeneratedFiles, script: string): Promise<void> {
  for (const path of await staleFiles(files)) {
    if (process.argv.includes('--check')) {
      console.error(`${path} is stale; run node ${script}`)
      process.exitCode = 1
      continue
    }
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), files.get(path) ?? '')
    console.log(`wrote ${path}`)
  }
}
