import { mkdir, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { build } from 'esbuild'
import { UserError } from '../../packages/shared/src/errors.ts'
import type { Component } from './components.ts'
import { components } from './components.ts'
import type { FaultsFile } from './runtime/faults.ts'
import { faultsFile } from './runtime/faults.ts'

export interface ImageVersion {
  /** The tag, and what the services say of themselves, like `v1.0.0`. */
  version: string
  /** All of them if not given. */
  components?: readonly Component[]
  faults?: FaultsFile
}

export interface ImagesOptions {
  /** The registry: the image `registry.local/NAME:VERSION` is the folder DIR/NAME/VERSION. */
  dir: string
  versions: readonly ImageVersion[]
  /** The Node 24 that pods start, by its absolute path; the one that runs now if not given. */
  node?: string
}

/**
 * Writes images of the pipeline's services. Each service is bundled once, however many versions it comes in; a version
 * that is there already is written anew.
 */
export async function buildImages({ dir, versions, node = process.execPath }: ImagesOptions): Promise<void> {
  await requireReachable(node)
  const programs = await bundle()
  for (const { version, components: names = components, faults = {} } of versions) {
    faultsFile.parse(faults) // a fault that no service knows is refused
    for (const name of names) {
      await writeImage(join(dir, name, version), {
        'service.js': programs[name],
        'image.json': json({
          Entrypoint: [node, 'service.js'],
          Env: [`VERSION=${version}`],
          WorkingDir: '',
        }),
        'version.json': json({ name, version }),
        'faults.json': json(faults),
      })
    }
  }
}

/** The program of each service as one file, libraries inside: CommonJS, which starts without a package.json beside it. */
async function bundle(): Promise<Record<Component, string>> {
  const bundled = components.map(async (name) => {
    const { outputFiles } = await build({
      absWorkingDir: import.meta.dirname, // else the bytes would depend on where it is called
      entryPoints: [join('services', `${name}.ts`)],
      bundle: true,
      write: false,
      platform: 'node',
      format: 'cjs',
      target: 'node24',
      minifySyntax: true,
      minifyWhitespace: true,
      logLevel: 'silent',
    })
    return [name, outputFiles[0]?.text ?? ''] as const
  })
  return Object.fromEntries(await Promise.all(bundled)) as Record<Component, string>
}

async function writeImage(folder: string, files: Record<string, string>): Promise<void> {
  await mkdir(folder, { recursive: true })
  await Promise.all(Object.entries(files).map(([name, text]) => writeFile(join(folder, name), text)))
}

/** Pods see the machine's files as an ordinary user: one folder on the way that is root's alone stops them all. */
async function requireReachable(path: string): Promise<void> {
  for (let place = path; place !== dirname(place); place = dirname(place)) {
    const { mode } = await stat(place)
    if ((mode & 0o001) === 0)
      throw new UserError(
        `Pods could not reach ${path}: other users may not enter ${place}.`,
        `Use a Node installed elsewhere, or allow it: chmod o+x ${place}`,
      )
  }
}

function json(value: object): string {
  return `${JSON.stringify(value, undefined, 2)}\n`
}
