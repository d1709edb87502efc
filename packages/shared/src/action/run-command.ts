import { exec } from '@actions/exec'
import * as z from 'zod'
import { cleanLog } from '../cluster/clean-log.ts'
import { codeOf } from '../cluster/error-code.ts'
import { UserError } from '../errors.ts'
import type { CommandEnd, CommandOutput } from '../gates/sources.ts'
import type { Command } from '../runbook/schema.ts'
import { resolve } from '../runbook/template.ts'
import type { ActionContext } from './run.ts'
import { superviseCommand } from './supervise-command.ts'

type Context = Pick<ActionContext<unknown, never>, 'variables' | 'mask' | 'redact'>

/** Longer standard output is no answer; the supervisor keeps one character more, to show that there was more. */
const maxStdout = 65_536
/** Lines of output that are kept. */
const keptLines = 20

/** What the supervisor says last. */
const endingSchema = z.object({
  /** Why it could not be started, as a code of Node such as `ENOENT`. */
  failure: z.string().optional(),
  code: z.number().nullable(),
  signal: z.string().nullable(),
  stdout: z.string(),
  tail: z.string(),
})

type Ending = z.infer<typeof endingSchema>

/**
 * Runs a program of the team in the current folder: the root of the repository. Of our environment it gets PATH and
 * HOME, and beside them what the runbook file names.
 *
 * @param facts environment variables that say which deployment it is
 * @throws UserError where it cannot be started, or a variable is missing; the signal's reason when that ends it
 */
export async function runCommand(
  { run, env, secrets, timeout }: Command,
  facts: Readonly<Record<string, string>>,
  signal: AbortSignal,
  { variables, mask, redact }: Context,
): Promise<CommandEnd> {
  signal.throwIfAborted()
  const { PATH, HOME } = variables
  const revealed = Object.entries(resolve(secrets, variables)).map(
    ([name, text]) => [name, text.reveal()] as const,
  )
  for (const [, secret] of revealed) mask(secret)
  const environment = {
    ...(PATH !== undefined && { PATH }),
    ...(HOME !== undefined && { HOME }),
    ...facts,
    ...Object.fromEntries(
      Object.entries(resolve(env, variables)).map(([name, text]) => [name, text.reveal()]),
    ),
    ...Object.fromEntries(revealed),
  }
  const deadline = AbortSignal.timeout(timeout)
  const ending = await supervised(run, environment, AbortSignal.any([signal, deadline]))
  signal.throwIfAborted()
  if (ending.failure !== undefined) throw notStarted(run[0] ?? '', ending.failure)
  const said = outputOf(ending, redact)
  if (deadline.aborted) return { how: 'timed-out', said }
  return ending.code === null
    ? { how: 'killed', by: ending.signal ?? 'a signal', said }
    : { how: 'exited', code: ending.code, said }
}

/**
 * `@actions/exec` cannot end what it has started, and a program that is ended leaves alive what it has started itself.
 * So a supervisor stands between, which can be told to end all of it.
 */
async function supervised(
  argv: readonly string[],
  env: Record<string, string>,
  stop: AbortSignal,
): Promise<Ending> {
  let said = ''
  let errors = ''
  const decode = { said: new TextDecoder(), errors: new TextDecoder() }
  const terminate = (): void => {
    // The first line is its process id, and comes as soon as it can be told anything.
    const id = /^(\d+)\n/.exec(said)?.[1]
    if (id !== undefined) tell(Number(id), 'SIGTERM')
  }
  stop.addEventListener('abort', terminate, { once: true })
  await exec(`"${process.execPath}"`, ['-e', `(${superviseCommand.toString()})()`, '--', ...argv], {
    env,
    silent: true,
    ignoreReturnCode: true,
    listeners: {
      stdout: (chunk) => {
        const isFirst = said === ''
        said += decode.said.decode(chunk, { stream: true })
        if (isFirst && stop.aborted) terminate()
      },
      stderr: (chunk) => {
        errors += decode.errors.decode(chunk, { stream: true })
      },
    },
  }).finally(() => {
    stop.removeEventListener('abort', terminate)
  })
  const [, json = ''] = /^\d+\n(.*)$/s.exec(said) ?? []
  const parsed = endingSchema.safeParse(parseJson(json))
  if (parsed.success) return parsed.data
  throw new Error(`the supervisor of ${argv[0] ?? ''} has ended without a word: ${errors.slice(0, 1000)}`)
}

/** Sends a signal to a process that may have ended by now. */
function tell(id: number, signal: NodeJS.Signals): void {
  try {
    process.kill(id, signal)
  } catch (error) {
    if (codeOf(error) !== 'ESRCH') throw error
  }
}

function outputOf({ stdout, tail }: Ending, redact: (text: string) => string): CommandOutput {
  const lines = cleanLog(tail, redact)
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '')
  return {
    stdout: stdout.length > maxStdout ? undefined : redact(stdout),
    lines: lines.slice(-keptLines),
  }
}

function notStarted(program: string, failure: string): UserError {
  switch (failure) {
    case 'ENOENT':
      return new UserError(
        `There is no program ${program}, or not the interpreter that its first line names.`,
        'A path is relative to the root of the repository, which a step before this one must check out; a bare name is looked up in PATH: install it in a step before.',
      )
    case 'EACCES':
      return new UserError(
        `${program} may not be executed.`,
        `Make it executable in the repository: git update-index --chmod=+x ${program}`,
      )
    default:
      return new UserError(`${program} cannot be started: ${failure}.`)
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
