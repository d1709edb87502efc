import type { Counted } from './history.ts'
import { poisson, wilson } from './interval.ts'
import { median, medianDeviation } from './median.ts'

/** How many of how many: failed of all messages, slow of all observations, dead letters in so many minutes. */
export interface Fraction {
  readonly hits: number
  readonly all: number
}

/** `share`: `hits` are some of `all`. `rate`: events per unit, which may be more than one. */
export type FractionKind = 'share' | 'rate'

/** `hits / all`; undefined where there was nothing to count of: that is not zero. */
export function ratioOf({ hits, all }: Fraction): number | undefined {
  return all > 0 ? hits / all : undefined
}

/**
 * Two counters as one fraction, by the steps of `all`. Hits in a step in which the other was not measured go into the
 * next one that was. Without hits (a counter that appears with its first event) there were none.
 */
export function fractions(
  hits: readonly Counted[] | undefined,
  all: readonly Counted[],
): Counted<Fraction>[] {
  const byTime = new Map(hits?.map((step) => [step.at, step.value]))
  let carried = 0
  return all.map(({ from, at, value }) => {
    const hit = hits === undefined ? 0 : byTime.get(at)
    if (value === undefined || hit === undefined) {
      carried += hit ?? 0
      return { from, at, value: undefined }
    }
    const fraction = { hits: hit + carried, all: value }
    carried = 0
    return { from, at, value: fraction }
  })
}

/** Events per minute. */
export function perMinute(events: readonly Counted[]): Counted<Fraction>[] {
  return events.map(({ from, at, value }) => ({
    from,
    at,
    value: value === undefined ? undefined : { hits: value, all: (at - from) / 60_000 },
  }))
}

/** Several components as one; a step is measured where each of them was that has been at all. */
export function totalOf(components: Iterable<readonly Counted[]>): Counted[] {
  const steps = new Map<number, Counted>()
  for (const component of components) {
    for (const step of component) {
      const other = steps.get(step.at)
      if (other === undefined) steps.set(step.at, step)
      else {
        const value =
          step.value === undefined || other.value === undefined ? undefined : step.value + other.value
        steps.set(step.at, { from: Math.min(step.from, other.from), at: step.at, value })
      }
    }
  }
  return [...steps.values()].sort((a, b) => a.at - b.at)
}

/** The sum of what was measured. */
export function sumOf(steps: readonly Counted<Fraction>[]): Fraction {
  const measured = steps.flatMap(({ value }) => value ?? [])
  return {
    hits: measured.reduce((sum, { hits }) => sum + hits, 0),
    all: measured.reduce((sum, { all }) => sum + all, 0),
  }
}

/**
 * How many times more the counts vary from step to step than chance alone would make them: 1 where messages fail one
 * by one, more where they fail in bursts. By neighbours, so that a change of level is not taken for noise.
 */
export function dispersionOf(steps: readonly Counted<Fraction>[], kind: FractionKind): number {
  const { hits, all } = sumOf(steps)
  if (hits === 0 || all === 0) return 1
  const level = hits / all
  const variance = kind === 'share' ? level * (1 - level) : level
  const measured = steps.flatMap(({ value }) => (value !== undefined && value.all > 0 ? [value] : []))
  let seen = 0
  let expected = 0
  for (const [index, step] of measured.entries()) {
    const next = measured[index + 1]
    if (next === undefined) continue
    seen += (step.hits / step.all - next.hits / next.all) ** 2
    expected += variance * (1 / step.all + 1 / next.all)
  }
  return expected > 0 ? Math.max(1, seen / expected) : 1
}

/** What is normal, by steps: the median of their ratios, and how far they usually are from it. */
export interface Normal {
  readonly median: number
  readonly mad: number
  readonly points: number
  readonly dispersion: number
  /** The highest level that may lie behind all of it, three standard deviations up: few events leave much open. */
  readonly upper: number
}

/** Standard deviations to the highest level that may lie behind a baseline. */
const baselineSure = 3

/** Undefined where nothing was counted. */
export function normalOf(steps: readonly Counted<Fraction>[], kind: FractionKind): Normal | undefined {
  const ratios = steps.flatMap(({ value }) => (value === undefined ? [] : (ratioOf(value) ?? [])))
  const [middle, mad] = [median(ratios), medianDeviation(ratios)]
  if (middle === undefined || mad === undefined) return undefined
  const dispersion = dispersionOf(steps, kind)
  const { hits, all } = sumOf(steps)
  const [events, base] = [hits / dispersion, all / dispersion]
  const upper =
    kind === 'share' ? wilson(events, base, baselineSure).upper : poisson(events, baselineSure).upper / base
  return { median: middle, mad, points: ratios.length, dispersion, upper }
}

/** A median absolute deviation, times this, is the standard deviation of normal noise. */
const deviationsPerMad = 1.4826

/**
 * Above this it is a spike: so many deviations over what is normal, above what may have been normal, and never below
 * the floor.
 */
export function spikeLimit(
  normal: Pick<Normal, 'median' | 'mad' | 'upper'> | undefined,
  deviations: number,
  floor: number,
): number {
  if (normal === undefined) return floor
  return Math.max(floor, normal.upper, normal.median + deviations * deviationsPerMad * normal.mad)
}
