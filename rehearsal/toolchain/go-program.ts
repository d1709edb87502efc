import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cp, mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { z } from 'zod'
import { messageOf, UserError } from '../../packages/shared/src/errors.ts'
import { cached, cacheFolder } from './cache.ts'

const run = promisify(execFile)

/** A program that is built from a published Go module. */
export interface GoProgram {
  /** The name of the binary. */
  readonly name: string
  /** What it is, for messages: "the workflow runner". */
  readonly title: string
  readonly module: string
  readonly version: string
  /** The package of its main function, relative to the module. */
  readonly package: string
  /** Further arguments of `go build`. */
  readonly flags?: readonly string[]
  /** How long the first build takes on two cores, for messages. */
  readonly takes: string
  readonly change?: SourceChange
}

/** What is changed in a copy of the module's source before it is built. */
export interface SourceChange {
  /** Stands for the change: another key, another binary. */
  readonly key: string
  apply(source: string, signal: AbortSignal | undefined): Promise<void>
}

/** Where binaries are kept, and who hears of a build. */
export interface BuildOptions {
  /** By default `runbook-actions` in the user's cache folder. */
  readonly cache?: string
  /** The Go command; by default the one on the PATH. */
  readonly go?: string
  readonly log?: (line: string) => void
  readonly signal?: AbortSignal
}

/**
 * Path of the program's binary. Built once for each version, change and version of Go, at a low priority; afterwards the
 * cached one.
 *
 * @throws UserError where Go does not run or the module cannot be fetched
 */
export async function buildGoProgram(
  program: GoProgram,
  { cache = cacheFolder(), go = 'go', log, signal }: BuildOptions = {},
): Promise<string> {
  const { name, title, version, takes } = program
  const place = `${name}-${version}-${keyOf(program, await installedGo(go, title, signal))}`
  const folder = await cached(cache, place, async (partial) => {
    log?.(`building ${title}, ${name} ${version} (once, ${takes})`)
    const began = performance.now()
    const source = join(partial, 'source')
    await copyModule(program, source, go, signal)
    await program.change?.apply(source, signal)
    await compile(program, source, join(partial, name), { go, signal })
    await rm(source, { recursive: true })
    log?.(`built ${title} in ${((performance.now() - began) / 1000).toFixed(0)} s`)
  })
  return join(folder, name)
}

function keyOf({ module, version, package: main, flags = [], change }: GoProgram, goVersion: string): string {
  const parts = [module, version, main, flags, change?.key, goVersion, process.platform, process.arch]
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16)
}

/** Version of Go, such as `go1.26.8`. */
async function installedGo(go: string, title: string, signal: AbortSignal | undefined): Promise<string> {
  const { stdout } = await run(go, ['env', 'GOVERSION'], { signal }).catch((cause: unknown) => {
    throw new UserError(
      `${title} is built with Go, which does not run: ${messageOf(cause)}`,
      'Install Go and put it on the PATH.',
      { cause },
    )
  })
  return stdout.trim()
}

const download = z.object({ Dir: z.string() })

/** Copies the module's source, because the files of Go's own cache are read-only. */
async function copyModule(
  { module, version }: GoProgram,
  source: string,
  go: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  await mkdir(source, { recursive: true })
  const { stdout } = await run(go, ['mod', 'download', '-json', `${module}@${version}`], {
    cwd: source,
    signal,
  }).catch((cause: unknown) => {
    throw new UserError(
      `The Go module ${module} ${version} cannot be fetched: ${outputOf(cause)}`,
      'Check the network and GOPROXY.',
      { cause },
    )
  })
  await cp(download.parse(JSON.parse(stdout)).Dir, source, { recursive: true })
  await run('chmod', ['-R', 'u+w', source], { signal })
}

async function compile(
  { name, version, package: main, flags = [] }: GoProgram,
  source: string,
  output: string,
  { go, signal }: { go: string; signal: AbortSignal | undefined },
): Promise<void> {
  const build = ['build', '-trimpath', '-buildvcs=false', '-ldflags', '-s -w', ...flags, '-o', output, main]
  await run('nice', ['-n', '10', go, ...build], {
    cwd: source,
    env: { ...process.env, GOWORK: 'off' },
    maxBuffer: 16 << 20,
    signal,
  }).catch((cause: unknown) => {
    throw new Error(`${name} ${version} does not build: ${outputOf(cause)}`, { cause })
  })
}

/** What a command wrote to its standard error, or why it did not start. */
function outputOf(error: unknown): string {
  const { stderr } = z.object({ stderr: z.string() }).catch({ stderr: '' }).parse(error)
  return stderr.trim() || messageOf(error)
}
