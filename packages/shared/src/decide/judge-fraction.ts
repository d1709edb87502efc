import { dispersionOf, ratioOf, sumOf, type Fraction, type FractionKind } from './fraction.ts'
import type { Counted } from './history.ts'
import { poisson, wilson } from './interval.ts'
import type { Verdict } from './verdict.ts'

/** How sure a breach must be where it is asked once, in standard deviations: wrong in 5 of 100 at the limit itself. */
export const sureOnce = 1.645
/** Where it is asked at every look of a watch, and any one of them may say so. */
export const sureAtEveryLook = 3

export interface FractionRules {
  readonly kind: FractionKind
  /** A ratio from here on breaks it. */
  readonly limit: number
  /** Fewer in the window are too few to conclude. */
  readonly atLeast: number
  /** How long the last part is that is also judged by itself: a late breach must not drown in a good start. */
  readonly recentMs: number
  /** Share of the time that must be measured. */
  readonly coverage: number
  /** How long all of it will be in the end, where it is not over: what was missed at its begin weighs by that. */
  readonly plannedMs: number
  /** Standard deviations by which the limit must be broken to be a breach. */
  readonly sure: number
  /** How much more than by chance counts varied before the deployment; 1 where that is not known. */
  readonly dispersion: number
}

/** Some time, and what was counted in it. */
export interface Window extends Fraction {
  /** Milliseconds since the epoch. */
  readonly from: number
  readonly at: number
  /** `hits / all`; undefined where there was nothing to count of. */
  readonly ratio: number | undefined
  /** The lower bound of what may lie behind it. */
  readonly atLeast: number
  /** Share of the time that was measured. */
  readonly coverage: number
}

/** Why the verdict is what it is. */
export type FractionReason =
  | 'below'
  | 'broken'
  /** At or above the limit, and it may be by chance. */
  | 'perhaps'
  | 'thin'
  /** There is no step yet. */
  | 'early'
  | 'gaps'
  /** There was enough, and of late there is nothing. */
  | 'stopped'

export interface FractionJudgement {
  readonly verdict: Extract<Verdict, 'pass' | 'fail' | 'inconclusive' | 'unknown'>
  readonly reason: FractionReason
  /** The time that decided: all of it, or its last part. */
  readonly window: Window
}

/**
 * Holds a fraction against its limit, over all the time that is given and over its last part. `fail` only where chance
 * cannot explain it, bursts included; `pass` only where the measured ratio is below the limit. Between the two, and
 * where there is too little, it is not enough to say; where too much was not measured, it is not known.
 */
export function judgeFraction(steps: readonly Counted<Fraction>[], rules: FractionRules): FractionJudgement {
  const dispersion = Math.max(rules.dispersion, enoughFor(steps) ? dispersionOf(steps, rules.kind) : 1)
  const window = (part: readonly Counted<Fraction>[]): Window => windowOf(part, rules, dispersion)
  const end = steps.at(-1)?.at ?? 0
  const whole = window(steps)
  const recent = window(steps.filter(({ at }) => at > end - rules.recentMs))
  const isEnough = ({ all }: Window): boolean => all > 0 && all >= rules.atLeast

  const [broken] = [whole, recent]
    .filter((each) => isEnough(each) && each.atLeast > rules.limit)
    .toSorted((a, b) => (b.ratio ?? 0) - (a.ratio ?? 0))
  if (broken !== undefined) return { verdict: 'fail', reason: 'broken', window: broken }
  if (steps.length === 0) return { verdict: 'inconclusive', reason: 'early', window: whole }
  if (recent.coverage < rules.coverage) return { verdict: 'unknown', reason: 'gaps', window: recent }
  if (!isEnough(whole)) return { verdict: 'inconclusive', reason: 'thin', window: whole }
  if (recent.all === 0) return { verdict: 'inconclusive', reason: 'stopped', window: recent }
  if (missedMs(whole) > (1 - rules.coverage) * Math.max(rules.plannedMs, whole.at - whole.from))
    return { verdict: 'unknown', reason: 'gaps', window: whole }
  if ((whole.ratio ?? 0) >= rules.limit && rules.limit > 0)
    return { verdict: 'inconclusive', reason: 'perhaps', window: whole }
  return { verdict: 'pass', reason: 'below', window: whole }
}

function missedMs({ from, at, coverage }: Window): number {
  return (1 - coverage) * (at - from)
}

/** Neighbours from which noise can be told; fewer make too much of one pair. */
const neighboursForNoise = 8

function enoughFor(steps: readonly Counted<Fraction>[]): boolean {
  return steps.filter(({ value }) => value !== undefined).length > neighboursForNoise
}

function windowOf(
  steps: readonly Counted<Fraction>[],
  { kind, sure }: FractionRules,
  dispersion: number,
): Window {
  const { hits, all } = sumOf(steps)
  const from = steps[0]?.from ?? 0
  const at = steps.at(-1)?.at ?? 0
  const measuredMs = steps.reduce(
    (sum, step) => sum + (step.value === undefined ? 0 : step.at - step.from),
    0,
  )
  // What varies more than by chance says as much as fewer events that vary by chance.
  const [events, base] = [hits / dispersion, all / dispersion]
  const lower =
    all <= 0 ? 0 : kind === 'share' ? wilson(events, base, sure).lower : poisson(events, sure).lower / base
  const coverage = at > from ? Math.min(1, measuredMs / (at - from)) : 0
  return { hits, all, from, at, ratio: ratioOf({ hits, all }), atLeast: lower, coverage }
}
