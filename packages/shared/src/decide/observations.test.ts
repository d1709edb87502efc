import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import {
  highestQuantile,
  observationsTogether,
  observedTogether,
  quantile,
  slowerThan,
  slowerThanAbout,
  type Observations,
} from './observations.ts'

const infinite = Number.POSITIVE_INFINITY
const bounds = [1, 2.5, 5, 10, infinite]
const of = (...steps: (readonly number[] | undefined)[]): Observations => ({
  bounds,
  steps: steps.map((value, index) => ({ from: index, at: index + 1, value })),
})

describe('slow observations', () => {
  it('are counted by the bucket that ends at the bound', () => {
    const slow = slowerThan(of([10, 50, 90, 99, 100], undefined), 5)
    expect(slow).toEqual({
      bound: 5,
      steps: [
        { from: 0, at: 1, value: { hits: 10, all: 100 } },
        { from: 1, at: 2, value: undefined },
      ],
    })
  })

  it('are counted by the next lower bucket where there is none: too many rather than too few', () => {
    expect(slowerThan(of([10, 50, 90, 99, 100]), 4)).toMatchObject({
      bound: 2.5,
      steps: [{ value: { hits: 50, all: 100 } }],
    })
  })

  it('cannot be told where all buckets end above', () => {
    expect(slowerThan(of([10, 50, 90, 99, 100]), 0.5)).toBeUndefined()
  })

  it.each([
    [5, 10],
    [7.5, 5.5],
    [10, 1],
    [20, 1],
    [0.5, 95],
  ])('above about %d s are %d', (seconds, hits) => {
    expect(slowerThanAbout(of([10, 50, 90, 99, 100]), seconds)[0]?.value).toEqual({ hits, all: 100 })
  })

  it('never become more as the bound rises', () => {
    const counts = fc.array(fc.nat(100), { minLength: 5, maxLength: 5 })
    const bound = fc.double({ min: 0, max: 20, noNaN: true })
    fc.assert(
      fc.property(counts, bound, bound, (added, a, b) => {
        let sum = 0
        const cumulative = added.map((count) => (sum += count))
        const [low, high] = [Math.min(a, b), Math.max(a, b)].map(
          (seconds) => slowerThanAbout(of(cumulative), seconds)[0]!.value!.hits,
        )
        expect(high).toBeLessThanOrEqual(low! + 1e-9)
      }),
    )
  })
})

describe('quantile', () => {
  // As histogram_quantile of Prometheus: linear inside a bucket, from 0 in the first, the last bound above all.
  it.each([
    [0.95, [10, 50, 90, 99, 100], 5 + (5 * 5) / 9],
    [0.5, [10, 50, 90, 99, 100], 2.5],
    [0.05, [10, 50, 90, 99, 100], 0.5],
    [0.95, [0, 0, 0, 0, 100], 10],
    [0.95, [100, 100, 100, 100, 100], 0.95],
  ])('%d of %p is %d', (q, counts, expected) => {
    expect(quantile(bounds, counts, q)).toBeCloseTo(expected, 9)
  })

  it('is unknown of nothing', () => {
    expect(quantile(bounds, [0, 0, 0, 0, 0], 0.95)).toBeUndefined()
  })

  it('may really be higher, the more so the fewer there were', () => {
    const of100 = highestQuantile(bounds, [10, 50, 90, 99, 100], 0.95)!
    const of10000 = highestQuantile(bounds, [1000, 5000, 9000, 9900, 10_000], 0.95)!
    const p95 = quantile(bounds, [10, 50, 90, 99, 100], 0.95)!
    expect(of100).toBeGreaterThan(of10000)
    expect(of10000).toBeGreaterThan(p95)
    expect(of10000).toBeLessThan(p95 * 1.1)
    expect(highestQuantile(bounds, [0, 0, 0, 0, 0], 0.95)).toBeUndefined()
  })

  it('and the slow share say the same: p95 is below 5 s where less than 5 % are slower', () => {
    const counts = fc.array(fc.nat(100), { minLength: 5, maxLength: 5 })
    fc.assert(
      fc.property(counts, (added) => {
        let sum = 0
        const cumulative = added.map((count) => (sum += count))
        const { hits, all } = slowerThan(of(cumulative), 5)!.steps[0]!.value!
        const p95 = quantile(bounds, cumulative, 0.95)
        if (p95 === undefined) return
        if (hits / all < 0.05) expect(p95).toBeLessThanOrEqual(5)
        if (hits / all > 0.05) expect(p95).toBeGreaterThanOrEqual(5)
      }),
    )
  })
})

describe('several', () => {
  it('steps are added', () => {
    expect(observedTogether(of([1, 2, 3, 4, 5], undefined, [1, 1, 1, 1, 1]))).toEqual([2, 3, 4, 5, 6])
    expect(observedTogether(of(undefined))).toBeUndefined()
  })

  it('components are added by the bounds that all have, and are a gap where one is', () => {
    const other = {
      bounds: [1, 5, infinite],
      steps: [
        { from: 0, at: 1, value: [1, 2, 3] },
        { from: 1, at: 2, value: undefined },
      ],
    }
    expect(observationsTogether([of([1, 2, 3, 4, 5], [1, 1, 1, 1, 1]), other])).toEqual({
      bounds: [1, 5, infinite],
      steps: [
        { from: 0, at: 1, value: [2, 5, 8] },
        { from: 1, at: 2, value: undefined },
      ],
    })
    expect(observationsTogether([])).toBeUndefined()
  })
})
