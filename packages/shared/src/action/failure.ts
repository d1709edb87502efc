import { explain } from '../cluster/explain.ts'
import type { Outcome } from '../decide/outcome.ts'
import { messageOf, UserError } from '../errors.ts'
import { Cancelled } from './cancellation.ts'

/** Why an action did not pass, for the person who must do something about it. */
export interface Failure {
  readonly outcome: Exclude<Outcome, 'passed'>
  readonly reason: string
  /** What to do. */
  readonly next: string | undefined
}

/**
 * What an error means to the reader: a cancellation, something that they can mend, or a bug or an outage.
 *
 * @param signal the action's signal: what fails because it was aborted is no failure of its own
 */
export function failureOf(error: unknown, action: string, signal: AbortSignal): Failure {
  if (signal.reason instanceof Cancelled && causedBy(error, signal.reason)) {
    return {
      outcome: 'cancelled',
      reason: `${action} was ${signal.reason.message}.`,
      next: 'Nothing was rolled back. Look at what is running, then run it again or roll back.',
    }
  }
  const known = explain(error)
  if (known instanceof UserError) return { outcome: 'failed', reason: known.message, next: known.next }
  return {
    outcome: 'failed',
    reason: `${action} stopped because of a bug or an outage: ${messageOf(error)}`,
    next: 'Run it again with debug logging (RUNNER_DEBUG=1) to see where. If it happens twice, report it.',
  }
}

/** An abort arrives as the signal's reason, wrapped in another error, or as the platform's own AbortError. */
function causedBy(error: unknown, reason: unknown): boolean {
  const seen = new Set<unknown>()
  let each = error
  while (typeof each === 'object' && each !== null && !seen.has(each)) {
    if (each === reason || ('name' in each && each.name === 'AbortError')) return true
    seen.add(each)
    each = 'cause' in each ? each.cause : undefined
  }
  return false
}

/** The stacks of an error and of its causes. Never the whole object: clients put their configuration there. */
export function stackOf(error: unknown): string {
  return [...stacksIn(error, new Set())].join('\ncaused by: ')
}

function* stacksIn(error: unknown, seen: Set<unknown>): Iterable<string> {
  if (error === undefined || seen.has(error)) return
  seen.add(error)
  yield error instanceof Error ? (error.stack ?? error.message) : messageOf(error)
  if (error instanceof AggregateError) for (const each of error.errors) yield* stacksIn(each, seen)
  if (error instanceof Error) yield* stacksIn(error.cause, seen)
}
