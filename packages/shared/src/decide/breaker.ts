import type { History } from './history.ts'

export interface BreakerRules {
  /** The values of a closed and of an open breaker; any other value is half-open. */
  readonly closed: number
  readonly open: number
  /** It has opened when it is open in so many samples in a row … */
  readonly openSamples: number
  /** … or has gone to open so often … */
  readonly openings: number
  /** … within so long. */
  readonly openingsWithinMs: number
  /** What was not seen since then is gone, as the pods of the release before, or is not measured. */
  readonly seenSince: number
}

export interface BreakerJudgement {
  /** Undefined where it was not seen of late. */
  readonly now: 'closed' | 'half-open' | 'open' | undefined
  /** When it opened, as the rules say it, and how; undefined where it did not. */
  readonly opened: { readonly at: number; readonly how: 'lasting' | 'repeated' } | undefined
}

/**
 * What one breaker did since `since`. Only what went to open since then has opened: one that was open before is not the
 * release's doing. One that is new and open has opened. A gap between two samples is neither.
 *
 * @param history with some time before `since`
 */
export function judgeBreaker(history: History<number>, since: number, rules: BreakerRules): BreakerJudgement {
  const samples = history.flatMap(({ at, value }) => (value === undefined ? [] : [{ at, value }]))
  const openings: number[] = []
  let opened: BreakerJudgement['opened']
  let openFor = 0
  let wasOpenBefore = false
  for (const { at, value } of samples) {
    if (value !== rules.open) {
      openFor = 0
      wasOpenBefore = false
      continue
    }
    if (at <= since) wasOpenBefore = true
    if (wasOpenBefore) continue
    openFor += 1
    if (openFor === 1) openings.push(at)
    const recent = openings.filter((opening) => opening > at - rules.openingsWithinMs)
    if (openFor >= rules.openSamples) opened ??= { at, how: 'lasting' }
    if (recent.length >= rules.openings) opened ??= { at, how: 'repeated' }
  }
  const last = samples.at(-1)
  const isSeen = last !== undefined && last.at >= rules.seenSince
  return { now: isSeen ? stateOf(last.value, rules) : undefined, opened }
}

function stateOf(value: number, { closed, open }: BreakerRules): BreakerJudgement['now'] {
  if (value === open) return 'open'
  return value === closed ? 'closed' : 'half-open'
}
