import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { access, chmod, constants, cp, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { z } from 'zod'
import { messageOf, UserError } from '../../packages/shared/src/errors.ts'

const run = promisify(execFile)

const module = 'github.com/nektos/act'
/** The version of act that `act.patch` was made for. */
export const actVersion = 'v0.2.89'
const patchFile = join(import.meta.dirname, 'act.patch')
const oldestGo = { major: 1, minor: 26 }

/** Where the binary is kept, and who hears of the build. */
export interface BuildOptions {
  /** Folder of built binaries; by default `runbook-actions` in the user's cache folder. */
  cache?: string
  /** The Go command; by default the one on the PATH. */
  go?: string
  log?: (line: string) => void
  signal?: AbortSignal
}

/** `$XDG_CACHE_HOME/runbook-actions`, or the same below `~/.cache`. */
export function defaultCache(environment: NodeJS.ProcessEnv = process.env): string {
  const { XDG_CACHE_HOME: given = '' } = environment
  return join(given === '' ? join(homedir(), '.cache') : given, 'runbook-actions')
}

/**
 * Path of act, built with our patch. Built once for each patch, version of act and version of Go (about a minute on
 * two cores); afterwards the cached binary. Several callers may build at once: the first to finish wins.
 * Throws UserError when Go is missing or too old, or the module cannot be fetched.
 */
export async function buildAct({
  cache = defaultCache(),
  go = 'go',
  log,
  signal,
}: BuildOptions = {}): Promise<string> {
  const goVersion = await installedGo(go, signal)
  const patch = await readFile(patchFile)
  const key = createHash('sha256')
    .update(JSON.stringify([actVersion, goVersion, process.platform, process.arch]))
    .update(patch)
    .digest('hex')
    .slice(0, 16)
  const home = join(cache, 'act', `${actVersion}-${key}`)
  const binary = join(home, 'act')
  if (await isExecutable(binary)) return binary

  log?.(`building the workflow runner, act ${actVersion} with our patch (once, about a minute)`)
  const started = performance.now()
  await mkdir(join(cache, 'act'), { recursive: true })
  const work = await mkdtemp(join(cache, 'act', '.build-'))
  try {
    await compile(work, go, signal)
    await publish(join(work, 'bin'), home)
  } finally {
    await rm(work, { recursive: true, force: true })
  }
  log?.(`built the workflow runner in ${((performance.now() - started) / 1000).toFixed(0)} s`)
  return binary
}

async function isExecutable(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  )
}

/** Version of Go, such as `go1.26.8`. */
async function installedGo(go: string, signal: AbortSignal | undefined): Promise<string> {
  const next = `install Go ${oldestGo.major}.${oldestGo.minor} or newer and put it on the PATH`
  const { stdout } = await run(go, ['env', 'GOVERSION'], { signal }).catch((error: unknown) => {
    throw new UserError(`the workflow runner is built with Go, which does not run: ${messageOf(error)}`, next)
  })
  const version = stdout.trim()
  const [, major, minor] = (/^go(\d+)\.(\d+)/.exec(version) ?? []).map(Number)
  if (major === undefined || minor === undefined || isOlder({ major, minor }, oldestGo)) {
    throw new UserError(`the workflow runner cannot be built with Go "${version}"`, next)
  }
  return version
}

function isOlder(version: typeof oldestGo, than: typeof oldestGo): boolean {
  return version.major < than.major || (version.major === than.major && version.minor < than.minor)
}

const download = z.object({ Dir: z.string() })

/** Leaves `bin/act` in the folder. */
async function compile(work: string, go: string, signal: AbortSignal | undefined): Promise<void> {
  const source = join(work, 'source')
  const { stdout } = await run(go, ['mod', 'download', '-json', `${module}@${actVersion}`], {
    cwd: work,
    signal,
  }).catch((error: unknown) => {
    throw new UserError(
      `could not fetch the Go module ${module} ${actVersion}: ${outputOf(error)}`,
      'check the network and GOPROXY',
    )
  })
  await cp(download.parse(JSON.parse(stdout)).Dir, source, { recursive: true })
  // files of the module cache are read-only
  await run('chmod', ['-R', 'u+w', source], { signal })
  // git must not take the folder for a part of a repository, around the cache or in GIT_DIR: it would skip the files
  await run('git', ['apply', '-p1', patchFile], {
    cwd: source,
    env: { PATH: process.env.PATH, GIT_CEILING_DIRECTORIES: work },
    signal,
  }).catch((error: unknown) => {
    throw new Error(`act.patch does not fit act ${actVersion}: ${outputOf(error)}`, { cause: error })
  })
  const output = join(work, 'bin', 'act')
  const build = [go, 'build', '-trimpath', '-buildvcs=false', '-ldflags', '-s -w', '-o', output, '.']
  await run('nice', ['-n', '10', ...build], {
    cwd: source,
    env: { ...process.env, GOWORK: 'off' },
    maxBuffer: 16 * 1024 * 1024,
    signal,
  }).catch((error: unknown) => {
    throw new Error(`act ${actVersion} with our patch does not build: ${outputOf(error)}`, { cause: error })
  })
  await chmod(output, 0o755)
}

/** Moves the finished folder into place in one step, unless another caller was faster. */
async function publish(finished: string, home: string): Promise<void> {
  try {
    await rename(finished, home)
  } catch (error) {
    if (!(await isExecutable(join(home, 'act')))) throw error
  }
}

/** What a command wrote to its standard error, or why it did not start. */
function outputOf(error: unknown): string {
  const { stderr } = z.object({ stderr: z.string() }).catch({ stderr: '' }).parse(error)
  return stderr.trim() || messageOf(error)
}
