import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'

/**
 * Where what is built once stays, outside the work tree and shared by all its clones: `$XDG_CACHE_HOME/runbook-actions`, or
 * the same below `~/.cache`. An empty variable counts as none.
 */
export function cacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const { XDG_CACHE_HOME: given = '' } = environment
  return join(given === '' ? join(homedir(), '.cache') : given, 'runbook-actions')
}

/**
 * The folder of that name in the cache, made by `make` if it is not there. It appears whole or not at all; where two
 * callers make it at once, the first to finish wins.
 */
export async function cached(
  cache: string,
  name: string,
  make: (folder: string) => Promise<void>,
): Promise<string> {
  const place = join(cache, name)
  if (existsSync(place)) return place
  await mkdir(cache, { recursive: true })
  const partial = await mkdtemp(join(cache, '.partial-'))
  try {
    await make(partial)
    await rename(partial, place).catch((error: unknown) => {
      if (!existsSync(place)) throw error
    })
  } finally {
    await rm(partial, { recursive: true, force: true })
  }
  return place
}
