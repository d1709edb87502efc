import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { UserError } from '../../packages/shared/src/errors.ts'
import { isMissingProgram } from '../toolchain/missing-program.ts'

const run = promisify(execFile)
const oldestJava = 17

/** A quick start matters more here than peak speed: measured 2.4 s to ready without the first two, 2.0 s with them. */
const jvmFlags = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xmx512m']
const logging = `-Dlog4j2.configurationFile=${join(import.meta.dirname, 'log4j2.properties')}`

/** The arguments of `java` that run `mainClass` with the jars in `libraries`. */
export function javaArguments(libraries: string, mainClass: string, args: readonly string[]): string[] {
  return [...jvmFlags, logging, '-cp', join(libraries, '*'), mainClass, ...args]
}

/** Runs one of Kafka's command line tools to its end and returns what it printed on standard output. */
export async function runTool(
  libraries: string,
  mainClass: string,
  args: readonly string[],
  signal?: AbortSignal,
): Promise<string> {
  const { stdout } = await run('java', javaArguments(libraries, mainClass, args), { signal })
  return stdout
}

/** Refuses a machine without the Java that Kafka 4 needs. */
export async function requireJava(): Promise<void> {
  const next = `Install a Java runtime, version ${String(oldestJava)} or later (Debian: apt install openjdk-17-jre-headless).`
  const version = await run('java', ['-version']).then(
    ({ stderr }) => stderr,
    (error: unknown) => {
      throw isMissingProgram(error)
        ? new UserError('Java is not on the PATH.', next, { cause: error })
        : error
    },
  )
  const major = majorVersion(version)
  if (major === undefined || major < oldestJava)
    throw new UserError(`Kafka 4 needs Java ${String(oldestJava)}; java is ${firstLine(version)}.`, next)
}

/** The feature release in what `java -version` prints: 17 for `"17.0.15"`, 8 for `"1.8.0_442"`. */
export function majorVersion(output: string): number | undefined {
  const found = /version "(?:1\.)?(\d+)/.exec(output)?.[1]
  return found === undefined ? undefined : Number(found)
}

function firstLine(text: string): string {
  return text.trim().split('\n', 1)[0] ?? ''
}
