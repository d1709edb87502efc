import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { messageOf } from '../../packages/shared/src/errors.ts'
import { buildGoProgram, type BuildOptions } from '../toolchain/go-program.ts'

const run = promisify(execFile)

/** The version of act that `act.patch` was made for. */
export const actVersion = 'v0.2.89'
const patchFile = join(import.meta.dirname, 'act.patch')

/**
 * Path of act, built with our patch.
 *
 * @throws UserError where Go does not run or the module cannot be fetched
 */
export async function buildAct(options: BuildOptions = {}): Promise<string> {
  return buildGoProgram(
    {
      name: 'act',
      title: 'the workflow runner',
      module: 'github.com/nektos/act',
      version: actVersion,
      package: '.',
      takes: 'about a minute',
      change: { key: await readFile(patchFile, 'utf8'), apply: applyPatch },
    },
    options,
  )
}

async function applyPatch(source: string, signal: AbortSignal | undefined): Promise<void> {
  // git must not take the folder for a part of a repository, around the cache or in GIT_DIR: it would skip the files
  const env = { PATH: process.env.PATH, GIT_CEILING_DIRECTORIES: dirname(source) }
  await run('git', ['apply', '-p1', patchFile], { cwd: source, env, signal }).catch((cause: unknown) => {
    throw new Error(`act.patch does not fit act ${actVersion}: ${messageOf(cause)}`, { cause })
  })
}
