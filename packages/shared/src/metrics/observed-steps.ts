import type { Observations } from '../decide/observations.ts'
import { countedSteps } from './counted-steps.ts'
import type { RangeSeries } from './prometheus-api.ts'
import { partLabel } from './promql.ts'

/**
 * One component's histogram over the steps of `grid`. A bound that only some of its pods have (two versions with other
 * buckets) is left out: its counts could not be held against all observations. Undefined where there is no bucket.
 */
export function observationsOf(
  series: readonly RangeSeries[],
  grid: readonly number[],
  rules: { readonly stepMs: number; readonly memoryMs: number; readonly coverage: number },
): Observations | undefined {
  const buckets = new Map<number, RangeSeries[]>()
  for (const each of series) {
    const bound = boundOf(each.labels.le)
    if (bound !== undefined) buckets.set(bound, [...(buckets.get(bound) ?? []), each])
  }
  const sum = (name: string, bound: number, at: number): number | undefined => {
    const values = (buckets.get(bound) ?? [])
      .filter(({ labels }) => labels[partLabel] === name)
      .flatMap(({ values: all }) => all.get(at) ?? [])
    return values.length === 0 ? undefined : values.reduce((total, value) => total + value, 0)
  }
  const all = Number.POSITIVE_INFINITY
  if (!buckets.has(all)) return undefined
  const bounds = [...buckets.keys()]
    .sort((a, b) => a - b)
    .filter((bound) => grid.every((at) => sum('seen', bound, at) === sum('seen', all, at)))
  const scraped = series.find(({ labels }) => labels[partLabel] === 'scraped')?.values
  const steps = grid.map((at) => {
    const counts = bounds.map((bound) => sum('count', bound, at))
    return {
      at,
      // All buckets of a pod come and go together.
      count: counts.every((count) => count !== undefined) ? counts : undefined,
      seen: sum('seen', all, at),
      lost: sum('lost', all, at),
      scraped: scraped?.get(at),
    }
  })
  const zero = bounds.map(() => 0)
  const add = (a: readonly number[], b: readonly number[]): number[] =>
    a.map((count, index) => count + (b[index] ?? 0))
  return { bounds, steps: countedSteps<readonly number[]>(steps, { ...rules, zero, add }) }
}

/** `5`, `5.0` and `5e0` are the same bound: clients and versions of Prometheus write it differently. */
function boundOf(le: string | undefined): number | undefined {
  if (le === undefined) return undefined
  const bound = le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le)
  return Number.isNaN(bound) ? undefined : bound
}
