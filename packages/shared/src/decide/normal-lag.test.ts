import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { median, medianDeviation } from './median.ts'
import { normalLag } from './normal-lag.ts'
import { readingOf } from './group-reading.fixture.ts'

describe('median', () => {
  it.each([
    [[], undefined, undefined],
    [[7], 7, 0],
    [[1, 9], 5, 4],
    [[5, 1, 100], 5, 4],
    [[4, 1, 3, 2], 2.5, 1],
  ])('of %j is %p, and its deviation %p', (values, middle, deviation) => {
    expect(median(values)).toBe(middle)
    expect(medianDeviation(values)).toBe(deviation)
  })

  it('is moved by no single value beyond its neighbours, and by no order', () => {
    fc.assert(
      fc.property(fc.array(fc.integer(), { minLength: 3 }), fc.integer(), (values, wild) => {
        const sorted = values.toSorted((a, b) => a - b)
        const moved = median([...values.slice(1), wild])!
        expect(moved).toBeGreaterThanOrEqual(sorted[0]! < wild ? sorted[0]! : wild)
        expect(median(values)).toBe(median(sorted))
      }),
    )
  })
})

describe('normalLag', () => {
  it('is the median of the totals, with how far they are from it', () => {
    const readings = [[100, 200], [150, 250], [9_000]].map((lags) => readingOf(lags))
    expect(normalLag(readings)).toEqual({ median: 400, mad: 100, points: 3 })
  })

  it('is not known of a group that never committed', () => {
    expect(normalLag([readingOf([undefined]), readingOf([])])).toBeUndefined()
    expect(normalLag([])).toBeUndefined()
  })
})
