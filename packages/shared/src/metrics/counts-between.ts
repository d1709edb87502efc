import { labelsKey, type RangeSeries } from './prometheus-api.ts'
import { componentLabel, partLabel, type Part } from './promql.ts'

/** The series of one answer that have a part, without the label that says so. */
function partsOf(answer: readonly RangeSeries[], part: Part): RangeSeries[] {
  return answer
    .filter(({ labels }) => labels[partLabel] === part)
    .map(({ labels: { [partLabel]: _, ...labels }, values }) => ({ labels, values }))
}

/**
 * The steps, by their end, for which the difference of two sums is not what was counted: of some component a series came,
 * went or began anew in them.
 */
export function changedSteps(answer: readonly RangeSeries[]): number[] {
  const ends = new Set(partsOf(answer, 'changed').flatMap(({ values }) => [...values.keys()]))
  return [...ends].sort((a, b) => a - b)
}

/**
 * What each component counted in each step of `grid`, as series of the part `count`: where its series are the same as in
 * the step before, the sum at the end of the step less the sum at its begin; else what `exact` says, series by series.
 *
 * @param answer the parts `sum` and `changed`, from one step before the grid on
 * @param exact the part `count`, for the changed steps at least
 */
export function countsBetween(
  answer: readonly RangeSeries[],
  exact: readonly RangeSeries[],
  { grid, stepMs }: { readonly grid: readonly number[]; readonly stepMs: number },
): RangeSeries[] {
  const changed = new Map(
    partsOf(answer, 'changed').map(({ labels, values }) => [labels[componentLabel], values]),
  )
  const sums = byLabels(partsOf(answer, 'sum'))
  const counts = byLabels(partsOf(exact, 'count'))
  return [...new Map([...sums, ...counts])].flatMap(([key, { labels }]) => {
    const [sum, count] = [sums.get(key)?.values, counts.get(key)?.values]
    // What was there before the grid only is not there.
    if (!grid.some((at) => [sum, count].some((values) => values?.has(at)))) return []
    const values = grid.flatMap((at): [number, number][] => {
      const value = changed.get(labels[componentLabel])?.has(at)
        ? count?.get(at)
        : difference(sum?.get(at), sum?.get(at - stepMs))
      return value === undefined ? [] : [[at, value]]
    })
    return [{ labels: { ...labels, [partLabel]: 'count' }, values: new Map(values) }]
  })
}

function byLabels(series: readonly RangeSeries[]): Map<string, RangeSeries> {
  return new Map(series.map((each) => [labelsKey(each.labels), each]))
}

function difference(after: number | undefined, before: number | undefined): number | undefined {
  return after === undefined || before === undefined ? undefined : after - before
}
