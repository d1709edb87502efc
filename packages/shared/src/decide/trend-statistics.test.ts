import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { mannKendall, theilSen } from './trend-statistics.ts'

const every = 30_000
const series = (values: readonly number[]) => values.map((value, index) => ({ at: index * every, value }))

describe('mannKendall', () => {
  // Derived by hand: S, then (S − sgn S) / √(n(n−1)(2n+5)/18).
  it.each([
    [[1, 2, 3, 4], 5 / Math.sqrt(52 / 6)],
    [[4, 3, 2, 1], -5 / Math.sqrt(52 / 6)],
    [[1, 3, 2, 4], 3 / Math.sqrt(52 / 6)],
    [[5, 5, 5, 5], 0],
    [[1, 2], 0],
    [[7], 0],
    [[], 0],
  ])('of %j', (values, z) => {
    expect(mannKendall(values)).toBeCloseTo(z, 10)
  })

  it('turns round with the series, and does not care how far apart the values are', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -1e6, max: 1e6 }), { minLength: 3, maxLength: 30 }),
        (values) => {
          expect(mannKendall(values.toReversed())).toBeCloseTo(-mannKendall(values), 10)
          expect(mannKendall(values.map((value) => 3 * value + 7))).toBe(mannKendall(values))
        },
      ),
    )
  })
})

describe('theilSen', () => {
  it.each([
    [[0, 30, 60, 90], 30],
    [[90, 60, 30, 0], -30],
    [[5, 5, 5], 0],
    // Slopes per step: 10, 5, 10/3; 0, 0; 0.
    [[0, 10, 10, 10], 10 / 6],
    [[3], 0],
    [[], 0],
  ])('of %j', (values, perStep) => {
    expect(theilSen(series(values)) * every).toBeCloseTo(perStep, 10)
  })

  it('is not moved by a single wild value', () => {
    const wild = fc.integer({ min: -1e9, max: 1e9 })
    fc.assert(
      fc.property(wild, fc.nat({ max: 11 }), (value, at) => {
        const values = Array.from({ length: 12 }, (_, index) => 100 + 10 * index)
        expect(theilSen(series(values.with(at, value))) * every).toBeCloseTo(10, 6)
      }),
    )
  })
})
