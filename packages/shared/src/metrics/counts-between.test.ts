import { describe, expect, it } from '@jest/globals'
import { changedSteps, countsBetween } from './counts-between.ts'
import type { RangeSeries } from './prometheus-api.ts'

const grid = [2, 3, 4]
const times = { grid, stepMs: 1 }

function series(part: string, values: readonly (readonly [number, number])[], le = '+Inf'): RangeSeries {
  return { labels: { runbook_part: part, runbook_component: 'worker', le }, values: new Map(values) }
}
const sums = series('sum', [[1, 10], [2, 13], [3, 13], [4, 18]]) // prettier-ignore
const changed = ([...steps]: number[]): RangeSeries => ({
  labels: { runbook_part: 'changed', runbook_component: 'worker' },
  values: new Map(steps.map((at) => [at, 1])),
})
const counts = (answer: readonly RangeSeries[], exact: readonly RangeSeries[] = []) =>
  countsBetween(answer, exact, times).map(({ labels, values }) => [labels.le, [...values]])

describe('what was counted in each step', () => {
  it('is the difference of the sums where nothing came, went or began anew', () => {
    expect(countsBetween([sums], [], times)).toEqual([
      series('count', [
        [2, 3],
        [3, 0],
        [4, 5],
      ]),
    ])
  })

  it('is what was counted series by series in a step in which something did', () => {
    expect(counts([sums, changed([3])], [series('count', [[3, 8]])])).toEqual([['+Inf', [[2, 3], [3, 8], [4, 5]]]]) // prettier-ignore
  })

  it('is never the difference where counting series by series found nothing to begin from', () => {
    expect(counts([sums, changed([2, 3])])).toEqual([['+Inf', [[4, 5]]]])
  })

  it('is unknown after a step without a sum', () => {
    expect(counts([series('sum', [[1, 10], [3, 13], [4, 18]])])).toEqual([['+Inf', [[4, 5]]]]) // prettier-ignore
  })

  it('is told bucket by bucket, also of one that only the new pods have', () => {
    const young = series('count', [[3, 2]], '5')
    expect(counts([sums, changed([3])], [young])).toEqual([['+Inf', [[2, 3], [4, 5]]], ['5', [[3, 2]]]]) // prettier-ignore
  })

  it('is nothing of what was there before the first step only', () => {
    expect(counts([series('sum', [[1, 10]]), changed([2])])).toEqual([])
  })

  it('is of the component whose pods changed, and of no other', () => {
    const other = { labels: { ...sums.labels, runbook_component: 'other' }, values: sums.values }
    const [, second] = countsBetween([sums, other, changed([2, 3, 4])], [], times)
    expect([...second!.values]).toEqual([[2, 3], [3, 0], [4, 5]]) // prettier-ignore
  })
})

describe('changed steps', () => {
  it('are those of any component, in their order, each once', () => {
    const other = { labels: { runbook_part: 'changed', runbook_component: 'b' }, values: new Map([[1, 2], [4, 1]]) } // prettier-ignore
    expect(changedSteps([sums, changed([3, 4]), other])).toEqual([1, 3, 4])
  })
})
