import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { poisson, wilson } from './interval.ts'

describe('wilson', () => {
  // Published: Newcombe 1998, table I, method 3, two-sided 95 %.
  it.each([
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ])('of %d in %d lies between %d and %d', (hits, all, lower, upper) => {
    const interval = wilson(hits, all, 1.959964)
    expect(interval.lower).toBeCloseTo(lower, 4)
    expect(interval.upper).toBeCloseTo(upper, 4)
  })

  it('knows nothing of nothing', () => {
    expect(wilson(0, 0, 3)).toEqual({ lower: 0, upper: 1 })
  })

  it('holds the measured share, and narrows with more of the same', () => {
    const counts = fc.tuple(fc.nat(500), fc.nat(500)).filter(([hits, misses]) => hits + misses > 0)
    fc.assert(
      fc.property(counts, fc.double({ min: 0.5, max: 5, noNaN: true }), ([hits, misses], z) => {
        const all = hits + misses
        const { lower, upper } = wilson(hits, all, z)
        expect(lower).toBeLessThanOrEqual(hits / all + 1e-12)
        expect(upper).toBeGreaterThanOrEqual(hits / all - 1e-12)
        const more = wilson(hits * 10, all * 10, z)
        expect(more.lower).toBeGreaterThanOrEqual(lower - 1e-12)
        expect(more.upper).toBeLessThanOrEqual(upper + 1e-12)
      }),
    )
  })
})

describe('poisson', () => {
  // Derived: the score interval is where (events - mean)² = z² · mean.
  it.each([
    [0, 2, 0, 4],
    [10, 1, 7.2984, 13.7016],
    [100, 3, 74.1644, 134.8356],
  ])('of %d at z %d lies between %d and %d', (events, z, lower, upper) => {
    const interval = poisson(events, z)
    expect(interval.lower).toBeCloseTo(lower, 3)
    expect(interval.upper).toBeCloseTo(upper, 3)
    if (events > 0)
      for (const mean of [interval.lower, interval.upper])
        expect((events - mean) ** 2).toBeCloseTo(z ** 2 * mean, 6)
  })
})
