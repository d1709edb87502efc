import type { Counted } from './history.ts'
import { median } from './median.ts'
import type { Verdict } from './verdict.ts'

export interface ValueRules {
  /** Whether a value breaks the limit. */
  readonly isBeyond: (value: number) => boolean
  readonly recentMs: number
  /** Share of the time that must be measured. */
  readonly coverage: number
}

export interface ValueJudgement {
  readonly verdict: Extract<Verdict, 'pass' | 'fail' | 'inconclusive' | 'unknown'>
  readonly reason: 'below' | 'lasting' | 'mostly' | 'early' | 'gaps'
  /** The median of what was measured, of the time that decided; undefined where nothing was. */
  readonly value: number | undefined
}

/** Values that must lie beyond a limit one after the other to be more than noise. */
const leastPoints = 3

/**
 * Holds the values of a team's own query against a limit. How many messages stand behind them is not known, so that
 * chance cannot be reckoned: it is broken where every value of the last part is beyond it, or the median of all is.
 */
export function judgeValues(steps: readonly Counted[], rules: ValueRules): ValueJudgement {
  const end = steps.at(-1)?.at
  if (end === undefined) return { verdict: 'inconclusive', reason: 'early', value: undefined }
  const recent = steps.filter(({ at }) => at > end - rules.recentMs)
  const [all, late] = [steps, recent].map((part) => part.flatMap(({ value }) => value ?? [])) as [
    number[],
    number[],
  ]
  if (late.length < rules.coverage * recent.length)
    return { verdict: 'unknown', reason: 'gaps', value: median(late) }
  if (late.length >= leastPoints && late.every(rules.isBeyond))
    return { verdict: 'fail', reason: 'lasting', value: median(late) }
  const middle = median(all)
  if (middle !== undefined && rules.isBeyond(middle)) {
    const verdict = all.length >= leastPoints ? 'fail' : 'inconclusive'
    return { verdict, reason: 'mostly', value: middle }
  }
  if (all.length < rules.coverage * steps.length) return { verdict: 'unknown', reason: 'gaps', value: middle }
  return { verdict: 'pass', reason: 'below', value: middle }
}
