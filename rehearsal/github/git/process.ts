import { execFile } from 'node:child_process'

const maxOutputBytes = 256 * 1024 * 1024
/** How long git waits for the lock of a reference that another process is updating. */
const lockTimeoutMs = 5_000

export interface GitOptions {
  /** What git reads on its standard input. */
  input?: string | Buffer
  env?: Readonly<Record<string, string>>
  /** Exit codes beside 0 that are an answer and not a failure. */
  expect?: readonly number[]
}

export interface GitResult {
  exitCode: number
  stdout: Buffer
}

/** Runs git in one bare repository. Throws `GitFailure` on an exit code that the caller does not expect. */
export type Git = (args: readonly string[], options?: GitOptions) => Promise<GitResult>

/** git answered with an exit code that nobody expected. */
export class GitFailure extends Error {
  override readonly name = 'GitFailure'
  readonly exitCode: number
  readonly stderr: string

  constructor(args: readonly string[], exitCode: number, stderr: string) {
    super(`git ${args.join(' ')} ended with exit code ${String(exitCode)}: ${stderr.trim()}`)
    this.exitCode = exitCode
    this.stderr = stderr
  }
}

/**
 * git for the bare repository in `directory`: started without a shell, with an environment of its own, so that
 * the configuration of the person who runs the rehearsal changes nothing.
 */
export function gitIn(directory: string): Git {
  const common = ['--git-dir', directory, '--literal-pathspecs']
  const locks = [
    `core.filesRefLockTimeout=${String(lockTimeoutMs)}`,
    `core.packedRefsTimeout=${String(lockTimeoutMs)}`,
  ]
  const prefix = [...common, ...locks.flatMap((setting) => ['-c', setting])]
  return (args, options = {}) => run([...prefix, ...args], args, options)
}

const cleanEnvironment = (): Record<string, string> => ({
  PATH: process.env.PATH ?? '',
  LC_ALL: 'C',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_TERMINAL_PROMPT: '0',
})

function run(argv: string[], args: readonly string[], options: GitOptions): Promise<GitResult> {
  return new Promise((resolve, reject) => {
    const env = { ...cleanEnvironment(), ...options.env }
    const settings = { encoding: 'buffer', maxBuffer: maxOutputBytes, env } as const
    const child = execFile('git', argv, settings, (error, stdout, stderr) => {
      if (error === null) resolve({ exitCode: 0, stdout })
      else if (typeof error.code !== 'number')
        reject(new Error(`git cannot be run: ${error.message}`, { cause: error }))
      else if (options.expect?.includes(error.code) === true) resolve({ exitCode: error.code, stdout })
      else reject(new GitFailure(args, error.code, stderr.toString()))
    })
    // git may end before it has read everything; its exit code then tells what happened.
    child.stdin?.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') reject(error)
    })
    child.stdin?.end(options.input ?? '')
  })
}
