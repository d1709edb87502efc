import * as z from 'zod'
import type { DeploymentRecord } from '../record/schema.ts'
import { humanDuration } from '../runbook/durations.ts'
import type { Command, Runbook } from '../runbook/schema.ts'
import { shellWord } from '../runbook/shell-word.ts'
import type { Answer, Gate, Occasion } from './gate.ts'
import type { CommandEnd, CommandOutput } from './sources.ts'

/** By this a command says that it cannot tell now: EX_TEMPFAIL of sysexits.h. */
const cannotTell = 75
/** With these a shell says that it could not execute a program, or did not find it. */
const notRun: readonly number[] = [126, 127]
/** How long the runner of commands may need to end one that takes too long. */
const endingMs = 10_000

/** What a command may print on its standard output: an answer, without the verdict. */
const answerSchema = z.strictObject({
  answer: z.string().trim().min(1).max(500),
  value: z.coerce.string<string | number>().max(100).optional(),
  limit: z.coerce.string<string | number>().max(100).optional(),
  evidence: z.array(z.string().max(500)).max(50).default([]),
})

/** The questions that programs of the team answer, in the order of the runbook file. */
export function commandGates(runbook: Runbook): Gate<'commands' | 'clock'>[] {
  return Object.entries(runbook.gates.command).map(([name, command]) => ({
    name: `command/${name}`,
    question: command.question ?? name,
    occasions: command.occasions,
    mode: () => command.mode,
    patienceMs: () => command.timeout + endingMs,
    query: () => command.run.map(shellWord).join(' '),
    measure: async ({ commands, record, occasion }, signal) =>
      answerOf(await commands.run(command, factsOf(record, occasion), signal), command),
  }))
}

/** What a command has to know to look at the right thing, as its environment. */
function factsOf(record: DeploymentRecord, occasion: Occasion): Record<string, string> {
  return {
    DEPLOYMENT_PIPELINE: record.pipeline,
    DEPLOYMENT_ENVIRONMENT: record.environment,
    DEPLOYMENT_NAMESPACE: record.namespace,
    DEPLOYMENT_VERSION: record.version,
    DEPLOYMENT_COMMIT: record.commit,
    DEPLOYMENT_OCCASION: occasion,
  }
}

/** The exit status decides; what was said explains. */
export function answerOf(end: CommandEnd, { timeout }: Pick<Command, 'timeout'>): Answer {
  const unknown = (why: string): Answer => ({
    verdict: 'unknown',
    answer: `${why}: ${lastOf(end.said)}`,
    evidence: end.said.lines,
  })
  if (end.how === 'timed-out') {
    return unknown(
      `It took more than ${humanDuration(timeout)} and was ended, with everything that it had started`,
    )
  }
  if (end.how === 'killed') return unknown(`It was ended by ${end.by}`)
  if (notRun.includes(end.code))
    return unknown(`Something that it needs could not be run (exit code ${end.code})`)
  const verdict = end.code === 0 ? 'pass' : end.code === cannotTell ? 'inconclusive' : 'fail'
  return { verdict, ...explanationOf(end.code, end.said) }
}

/** The answer that was printed as JSON, else the last lines. */
function explanationOf(code: number, said: CommandOutput): Omit<Answer, 'verdict'> {
  const inWords = code === 0 ? lastOf(said) : `Exit code ${code}: ${lastOf(said)}`
  const json = said.stdout === undefined ? undefined : objectIn(said.stdout)
  if (json === undefined) return { answer: inWords, evidence: said.lines }
  const { data, error } = answerSchema.safeParse(json)
  if (data === undefined) {
    const problems = error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
    return {
      answer: inWords,
      evidence: [`The JSON that it printed is not an answer: ${problems.join('; ')}`, ...said.lines],
    }
  }
  const { value, limit, ...rest } = data
  return { ...rest, ...(value !== undefined && { value }), ...(limit !== undefined && { limit }) }
}

function lastOf({ lines }: CommandOutput): string {
  return lines.at(-1) ?? 'It said nothing.'
}

function objectIn(stdout: string): unknown {
  if (!stdout.trimStart().startsWith('{')) return undefined
  try {
    return JSON.parse(stdout)
  } catch {
    // Then it is text like any other.
    return undefined
  }
}
