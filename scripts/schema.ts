import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { generatedFiles } from '../packages/shared/src/runbook/generated-files.ts'

/**
 * Writes what is generated from the schema of the runbook file: the JSON Schema for editors and the reference.
 * `node scripts/schema.ts --check` only compares, and fails when a file is stale.
 */
const root = join(import.meta.dirname, '..')
const check = process.argv.includes('--check')

for (const [path, text] of generatedFiles()) {
  const file = join(root, path)
  const current = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (current === text) continue
  if (check) {
    console.error(`${path} is stale; run node scripts/schema.ts`)
    process.exitCode = 1
  } else {
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, text)
    console.log(`wrote ${path}`)
  }
}
