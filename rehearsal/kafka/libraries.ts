import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { UserError } from '../../packages/shared/src/errors.ts'
import { cached } from '../toolchain/cache.ts'
import { isMissingProgram } from '../toolchain/missing-program.ts'

const run = promisify(execFile)
const pom = join(import.meta.dirname, 'pom.xml')

export interface LibrariesOptions {
  /** Where fetched jars stay between runs. */
  cache: string
  log: (line: string) => void
  signal?: AbortSignal | undefined
  /** The Maven program. */
  maven?: string
}

/**
 * The folder with the jars of `pom.xml`, fetched by Maven the first time. Its name holds the hash of pom.xml, and it
 * appears whole or not at all: two callers at once both fetch, and the first one's folder is used by both.
 */
export async function fetchLibraries(options: LibrariesOptions): Promise<string> {
  const { cache, log, signal, maven = 'mvn' } = options
  const hash = createHash('sha256')
    .update(await readFile(pom))
    .digest('hex')
  return cached(cache, `kafka-${hash.slice(0, 16)}`, async (folder) => {
    log('Fetching the Apache Kafka jars with Maven (54 MB, only the first time)')
    await copyDependencies(maven, folder, signal)
  })
}

async function copyDependencies(maven: string, folder: string, signal?: AbortSignal): Promise<void> {
  const goal = ['dependency:copy-dependencies', `-DoutputDirectory=${folder}`]
  try {
    await run(maven, ['-q', '-B', '-f', pom, ...goal], { signal })
  } catch (error) {
    if (signal?.aborted) throw error
    if (isMissingProgram(error))
      throw new UserError(`There is no Maven (${maven}).`, 'Install Maven 3 (Debian: apt install maven).', {
        cause: error,
      })
    throw new UserError(
      `Maven could not fetch the Kafka jars: ${outputOf(error)}`,
      'Check that Maven reaches a repository with org.apache.kafka (settings.xml, proxy), then run this again.',
      { cause: error },
    )
  }
}

function outputOf(error: unknown): string {
  const { stdout, stderr } = error as { stdout?: string; stderr?: string }
  return `${stdout ?? ''}${stderr ?? ''}`.trim() || String(error)
}
