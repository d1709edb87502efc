import type { Fraction } from './fraction.ts'
import type { Counted } from './history.ts'
import { wilson } from './interval.ts'

/** What a histogram counted over time: in each step, how many observations were at most as large as each bound. */
export interface Observations {
  /** Upper bounds in seconds, ascending; the last is infinite. */
  readonly bounds: readonly number[]
  /** A count for each bound, cumulative: the last one counts all. */
  readonly steps: readonly Counted<readonly number[]>[]
}

/** The observations above a bound, and the bound that could be told: the wanted one, or the next bucket below it. */
export interface Slow {
  /** Seconds. */
  readonly bound: number
  readonly steps: Counted<Fraction>[]
}

/**
 * How many observations were slower than `wanted` seconds. `p95 < 5 s` and "less than 5 % are slower than 5 s" are the
 * same; the second can be counted, without guessing inside a bucket. Where no bucket ends at the bound, the next lower
 * one stands for it: it counts too many as slow, never too few. Undefined where all buckets end above it.
 */
export function slowerThan({ bounds, steps }: Observations, wanted: number): Slow | undefined {
  const index = bounds.findLastIndex((bound) => bound <= wanted)
  const bound = bounds[index]
  if (bound === undefined) return undefined
  return { bound, steps: fractionsAbove(steps, (counts) => counts[index] ?? 0) }
}

/**
 * The same for a bound that comes from a measurement and has no bucket: the observations of a bucket are taken as spread
 * evenly in it, as Prometheus does for a quantile. Fit for comparing one time with another, both guessed in the same way.
 */
export function slowerThanAbout({ bounds, steps }: Observations, seconds: number): Counted<Fraction>[] {
  return fractionsAbove(steps, (counts) => countUpTo(bounds, counts, seconds))
}

/** The value that the share `q` of the observations does not exceed, in seconds; undefined where there are none. */
export function quantile(
  bounds: readonly number[],
  counts: readonly number[],
  q: number,
): number | undefined {
  const all = counts.at(-1) ?? 0
  if (all <= 0) return undefined
  const wanted = q * all
  const index = counts.findIndex((count) => count >= wanted)
  const [upper = 0, count = 0] = [bounds[index], counts[index]]
  const [lower, before] = index === 0 ? [0, 0] : [bounds[index - 1] ?? 0, counts[index - 1] ?? 0]
  if (!Number.isFinite(upper)) return lower
  return count === before ? upper : lower + ((upper - lower) * (wanted - before)) / (count - before)
}

/** Standard deviations to the highest quantile that may lie behind some observations. */
const quantileSure = 3

/** The highest value that the quantile `q` may really have, in seconds: few observations leave much open. */
export function highestQuantile(
  bounds: readonly number[],
  counts: readonly number[],
  q: number,
): number | undefined {
  const all = counts.at(-1) ?? 0
  return quantile(bounds, counts, 1 - wilson((1 - q) * all, all, quantileSure).lower)
}

/** What was observed in all steps together; undefined where nothing was measured. */
export function observedTogether({ bounds, steps }: Observations): readonly number[] | undefined {
  const measured = steps.flatMap(({ value }) => (value === undefined ? [] : [value]))
  if (measured.length === 0) return undefined
  return bounds.map((_, index) => measured.reduce((sum, counts) => sum + (counts[index] ?? 0), 0))
}

/** Several components as one, by the bounds that all of them have. */
export function observationsTogether(components: Iterable<Observations>): Observations | undefined {
  const [first, ...others] = components
  if (first === undefined) return undefined
  const bounds = first.bounds.filter((bound) => others.every((other) => other.bounds.includes(bound)))
  const steps = new Map<number, Counted<readonly number[]>>()
  for (const { bounds: own, steps: its } of [first, ...others]) {
    for (const { from, at, value } of its) {
      const counts = value && bounds.map((bound) => value[own.indexOf(bound)] ?? 0)
      const other = steps.get(at)
      if (other === undefined) steps.set(at, { from, at, value: counts })
      else {
        const sum = counts && other.value?.map((count, index) => count + (counts[index] ?? 0))
        steps.set(at, { from: Math.min(from, other.from), at, value: sum })
      }
    }
  }
  return { bounds, steps: [...steps.values()].sort((a, b) => a.at - b.at) }
}

function fractionsAbove(
  steps: Observations['steps'],
  upTo: (counts: readonly number[]) => number,
): Counted<Fraction>[] {
  return steps.map(({ from, at, value }) => {
    const all = value?.at(-1)
    if (value === undefined || all === undefined) return { from, at, value: undefined }
    return { from, at, value: { hits: Math.max(0, all - upTo(value)), all } }
  })
}

function countUpTo(bounds: readonly number[], counts: readonly number[], seconds: number): number {
  const index = bounds.findIndex((bound) => bound >= seconds)
  const [upper = 0, count = 0] = [bounds[index], counts[index]]
  const [lower, before] = index === 0 ? [0, 0] : [bounds[index - 1] ?? 0, counts[index - 1] ?? 0]
  if (!Number.isFinite(upper)) return before
  return upper === lower ? count : before + ((count - before) * (seconds - lower)) / (upper - lower)
}
