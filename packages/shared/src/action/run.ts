import type { z } from 'zod'
import type { Outcome } from '../decide/outcome.ts'
import { messageOf, UserError } from '../errors.ts'
import { systemClock, type Clock } from '../ports.ts'
import type { SummaryPart } from '../report/fit-summary.ts'
import { inline } from '../report/markdown.ts'
import { cancelOnSignals } from './cancellation.ts'
import { runFacts, type RunFacts, type Variables } from './environment.ts'
import { failureOf, stackOf } from './failure.ts'
import { helpText } from './help.ts'
import { hostOf } from './host.ts'
import type { InputSchema } from './input-types.ts'
import { readInputs } from './inputs.ts'
import type { ActionLog } from './log.ts'
import { createMasker } from './masking.ts'
import { createOutputs, type Outputs, type OutputValues } from './outputs.ts'
import { endByItself, flushed } from './process-end.ts'
import { catchStrays, NothingLeft, outliveReaders } from './stray.ts'
import { createSummary, type Summary } from './summary.ts'

/** What an action works with. Nothing in it knows the runner. */
export interface ActionContext<I, O extends OutputValues> {
  readonly inputs: I
  readonly log: ActionLog
  /** Aborts when the run is cancelled. Every wait takes it. */
  readonly signal: AbortSignal
  readonly clock: Clock
  readonly summary: Summary
  /** For values that must be published even if the rest fails; the others can be returned. */
  readonly outputs: Pick<Outputs<O>, 'set'>
  readonly run: RunFacts
  readonly variables: Variables
  /** Masks a secret that was found on the way: in a file, from a token endpoint. */
  readonly mask: (secret: string) => void
  /** For text that leaves by other ways than log, summary and outputs: tickets, records, messages. */
  readonly redact: (text: string) => string
}

export interface ActionResult<O extends OutputValues> {
  readonly outcome: Outcome
  /** One sentence; what the annotation says where the outcome is not `passed`. */
  readonly reason?: string | undefined
  /** What the reader must do. */
  readonly next?: string | undefined
  readonly outputs?: Partial<O> | undefined
  readonly summary?: string | readonly SummaryPart[] | undefined
}

export interface Action<S extends InputSchema, O extends OutputValues> {
  readonly name: string
  /** One sentence, for `--help`. */
  readonly description: string
  /** One key per input, named as in `action.yml`. */
  readonly inputs: S
  /** Every output but `outcome` and `ended`, with a value that is safe to read when the action dies. */
  readonly outputs: O
  /** Outcomes that end the job green; only `passed` where absent. */
  readonly green?: readonly Outcome[]
  main(context: ActionContext<z.output<S>, O>): Promise<ActionResult<O>>
}

/**
 * The one entry of every action: reads and masks the inputs, runs `main`, publishes outputs and summary, says in one
 * annotation why it did not pass, and sees to it that the process ends.
 *
 * Never rejects. The exit code is 0 only where the outcome is `passed`, or another one that the action calls green.
 */
export async function runAction<S extends InputSchema, O extends OutputValues>(
  action: Action<S, O>,
): Promise<void> {
  // Until shown otherwise: a process that dies half-way must not be green.
  process.exitCode = 1
  const args = process.argv.slice(2)
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(`${helpText(action)}\n`)
    process.exitCode = 0
    return
  }
  const host = hostOf(process.env, args)
  const masker = createMasker((shape) => {
    host.maskInLog(shape)
  })
  const redact = (text: string): string => masker.redact(text)
  const log = host.log(redact)
  const summary = createSummary(redact)
  const outputs = createOutputs(
    action.outputs,
    host.output((text) => masker.redactKnown(text)),
  )
  const cancellation = cancelOnSignals(process)
  outliveReaders(process)
  const strays = catchStrays(process)

  const mask = (secret: string): void => {
    if (secret.trim() === '' || masker.mask(secret)) return
    log.warn('A secret is too short or too common a word to be masked in the log: change it.')
  }
  const work = async (): Promise<ActionResult<O>> => {
    if (host.replacesOutputs) outputs.begin()
    refuseUnverifiedTls(process.env)
    return action.main({
      inputs: readInputs(action.inputs, host.inputs, mask),
      log,
      signal: cancellation.signal,
      clock: systemClock,
      summary,
      outputs,
      run: runFacts(process.env),
      variables: process.env,
      mask,
      redact,
    })
  }

  const working = work()
  const result = await Promise.race([working, strays.failure]).catch(async (error: unknown) => {
    log.debug(stackOf(error))
    const failure = failureOf(error, action.name, cancellation.signal)
    cancellation.abort(new Error(`${action.name} has failed`, { cause: error }))
    const late = error instanceof NothingLeft ? undefined : await windDown(working)
    return failure.outcome === 'cancelled' && late !== undefined ? late : { ...late, ...failure }
  })
  strays.ignore((error) => {
    log.warn(`After the work had ended: ${messageOf(error)}`)
    log.debug(stackOf(error))
  })
  cancellation.dispose()
  if (result.outputs) outputs.set(result.outputs)
  if (result.summary !== undefined) summary.add(...[result.summary].flat())
  const isGreen = (action.green ?? ['passed']).includes(result.outcome)
  if (!isGreen) {
    const reason = result.reason ?? `${action.name} ended as ${result.outcome}.`
    log.error([reason, result.next].filter((line) => line !== undefined).join('\n'))
    if (summary.isEmpty() && host.publishesSummary)
      summary.add(failureSummary(action.name, result.outcome, reason, result.next))
  }
  await host.publish(summary).catch((error: unknown) => {
    log.warn(`The summary could not be written: ${messageOf(error)}`)
  })
  try {
    outputs.publish(result.outcome)
    process.exitCode = isGreen ? 0 : 1
  } catch (error) {
    log.error(`The outputs could not be written: ${messageOf(error)}`)
  }
  await flushed()
  endByItself((message) => {
    log.debug(message)
  })
}

/** How long the work may take to write its record after it was told to stop. */
const windDownMs = 5000

/** What the work still returns once its signal is aborted; undefined where it throws or does not end. */
async function windDown<T>(working: Promise<T>): Promise<T | undefined> {
  const patience = Promise.withResolvers<undefined>()
  const timer = setTimeout(patience.resolve, windDownMs, undefined)
  try {
    return await Promise.race([working.catch(() => undefined), patience.promise])
  } finally {
    clearTimeout(timer)
  }
}

function failureSummary(name: string, outcome: Outcome, reason: string, next: string | undefined): string {
  const todo = next === undefined ? '' : `\n\n**Do:** ${inline(next)}`
  return `## 🟥 ${inline(name)}: ${outcome}\n\n${lines(reason)}${todo}`
}

/** The problems of the inputs come as a list. */
function lines(reason: string): string {
  const line = (text: string): string => (text.startsWith('- ') ? `- ${inline(text.slice(2))}` : inline(text))
  return reason.split('\n').map(line).join('\n')
}

/** With this switch anyone on the path to the cluster could read the credentials. */
function refuseUnverifiedTls(variables: Variables): void {
  if (variables.NODE_TLS_REJECT_UNAUTHORIZED !== '0') return
  throw new UserError(
    'NODE_TLS_REJECT_UNAUTHORIZED=0 is set: certificates would not be checked.',
    'Unset it, and give the certificate authority in the kubeconfig or in NODE_EXTRA_CA_CERTS.',
  )
}
