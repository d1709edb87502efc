import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import {
  dispersionOf,
  fractions,
  normalOf,
  perMinute,
  ratioOf,
  spikeLimit,
  sumOf,
  totalOf,
} from './fraction.ts'
import type { Counted } from './history.ts'
import { poisson, wilson } from './interval.ts'

const minute = 60_000
const steps = (...values: (number | undefined)[]): Counted[] =>
  values.map((value, index) => ({ from: index * minute, at: (index + 1) * minute, value }))

describe('fractions', () => {
  it('put two counters together, step by step', () => {
    expect(fractions(steps(1, 0), steps(100, 50)).map(({ value }) => value)).toEqual([
      { hits: 1, all: 100 },
      { hits: 0, all: 50 },
    ])
  })

  it('are zero of all where the hits do not exist', () => {
    expect(fractions(undefined, steps(100)).map(({ value }) => value)).toEqual([{ hits: 0, all: 100 }])
  })

  it('keep hits of a step that was not measured whole for the next one', () => {
    const [first, second] = fractions(steps(3, 1), [
      { from: 0, at: minute, value: undefined },
      { from: 0, at: 2 * minute, value: 200 },
    ])
    expect([first?.value, second?.value]).toEqual([undefined, { hits: 4, all: 200 }])
  })

  it('lose no hit, wherever the gaps are', () => {
    const counts = fc.array(fc.tuple(fc.nat(100), fc.boolean()), { minLength: 1 })
    fc.assert(
      fc.property(counts, (given) => {
        const hits = steps(...given.map(([count]) => count))
        const all = steps(...given.map(([count, isGap]) => (isGap ? undefined : count + 1)), 1)
        const counted = sumOf(fractions([...hits, { ...all.at(-1)!, value: 0 }], all))
        expect(counted.hits).toBe(given.reduce((sum, [count]) => sum + count, 0))
      }),
    )
  })
})

describe('a ratio', () => {
  it.each([
    [0, 0, undefined],
    [0, 10, 0],
    [3, 2, 1.5],
  ])('of %d and %d is %p', (hits, all, expected) => {
    expect(ratioOf({ hits, all })).toBe(expected)
  })

  it('per minute heeds how long a step was', () => {
    expect(perMinute([{ from: 0, at: 5 * minute, value: 10 }])[0]?.value).toEqual({ hits: 10, all: 5 })
  })
})

describe('totalOf', () => {
  it('adds components, and is a gap where one of them is', () => {
    expect(totalOf([steps(1, 2, 3), steps(10, undefined, 30)]).map(({ value }) => value)).toEqual([
      11,
      undefined,
      33,
    ])
  })

  it('takes a component as it is where the other was not there', () => {
    expect(totalOf([steps(1, 2), steps(10)]).map(({ value }) => value)).toEqual([11, 2])
  })
})

const of = (...pairs: [number, number][]) =>
  pairs.map(([hits, all], index) => ({
    from: index * minute,
    at: (index + 1) * minute,
    value: { hits, all },
  }))

describe('dispersionOf', () => {
  it.each<[string, [number, number][], number]>([
    [
      'the same in every step',
      [
        [5, 100],
        [5, 100],
        [5, 100],
      ],
      1,
    ],
    [
      'nothing at all',
      [
        [0, 100],
        [0, 100],
      ],
      1,
    ],
    ['one step', [[5, 100]], 1],
    // p = 0.05, differences 0.1 each: (0.01 + 0.01) / (2 · 0.0475 · 0.02)
    [
      'bursts',
      [
        [0, 100],
        [10, 100],
        [0, 100],
      ],
      0.02 / (2 * (1 / 30) * (29 / 30) * 0.02),
    ],
  ])('of %s', (_, pairs, expected) => {
    expect(dispersionOf(of(...pairs), 'share')).toBeCloseTo(expected, 6)
  })

  it('is hardly moved by a change of level', () => {
    const levels = of(
      ...Array.from({ length: 40 }, (_, index): [number, number] => [index < 20 ? 5 : 50, 1000]),
    )
    expect(dispersionOf(levels, 'share')).toBeLessThan(2.5)
  })
})

describe('what is normal', () => {
  it('is the median and how far steps usually are from it', () => {
    expect(normalOf(of([1, 100], [2, 100], [3, 100], [2, 100], [90, 100]), 'share')).toMatchObject({
      median: 0.02,
      mad: expect.closeTo(0.01, 9) as unknown,
      points: 5,
    })
  })

  it('leaves open what few events leave open', () => {
    expect(normalOf(of([0, 100]), 'share')?.upper).toBeCloseTo(wilson(0, 100, 3).upper, 12)
    expect(normalOf(of([4, 2]), 'rate')?.upper).toBeCloseTo(poisson(4, 3).upper / 2, 12)
  })

  it('is not known of nothing', () => {
    expect(normalOf([{ from: 0, at: 1, value: undefined }], 'share')).toBeUndefined()
    expect(normalOf(of([0, 0]), 'share')).toBeUndefined()
  })

  it.each([
    [undefined, 3, 0.01, 0.01],
    [{ median: 0.002, mad: 0.001, upper: 0 }, 3, 0.01, 0.01],
    [{ median: 0.02, mad: 0.001, upper: 0.021 }, 3, 0.01, 0.02 + 3 * 1.4826 * 0.001],
    [{ median: 0.02, mad: 0.001, upper: 0.05 }, 3, 0.01, 0.05],
  ])('%p with %d deviations and floor %d gives the limit %d', (normal, deviations, floor, limit) => {
    expect(spikeLimit(normal, deviations, floor)).toBeCloseTo(limit, 12)
  })
})
