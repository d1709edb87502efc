import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { Fraction } from './fraction.ts'
import type { Counted } from './history.ts'
import { judgeFraction, sureAtEveryLook, sureOnce, type FractionRules } from './judge-fraction.ts'

const minute = 60_000
const rules: FractionRules = {
  kind: 'share',
  limit: 0.01,
  atLeast: 50,
  recentMs: 5 * minute,
  coverage: 0.8,
  plannedMs: 0,
  sure: sureAtEveryLook,
  dispersion: 1,
}
type Pair = readonly [number, number] | undefined
const steps = (...pairs: Pair[]): Counted<Fraction>[] =>
  pairs.map((pair, index) => ({
    from: index * minute,
    at: (index + 1) * minute,
    value: pair === undefined ? undefined : { hits: pair[0], all: pair[1] },
  }))
const times = (count: number, pair: Pair): Pair[] => Array.from({ length: count }, () => pair)
const judge = (pairs: readonly Pair[], more: Partial<FractionRules> = {}) =>
  judgeFraction(steps(...pairs), { ...rules, ...more })

describe('judgeFraction', () => {
  it.each<[string, Pair[], Partial<FractionRules>, string, string]>([
    ['nothing yet', [], {}, 'inconclusive', 'early'],
    ['no traffic', times(5, [0, 0]), {}, 'inconclusive', 'thin'],
    ['too little traffic', times(5, [0, 9]), {}, 'inconclusive', 'thin'],
    ['a failure among very few', times(5, [1, 9]), {}, 'inconclusive', 'thin'],
    ['healthy traffic', times(5, [1, 500]), {}, 'pass', 'below'],
    ['no failure at all', times(5, [0, 500]), {}, 'pass', 'below'],
    ['traffic that stopped', [...times(10, [1, 500]), ...times(5, [0, 0])], {}, 'inconclusive', 'stopped'],
    ['a clear breach', times(5, [20, 500]), {}, 'fail', 'broken'],
    ['a breach that chance may explain', times(5, [1, 60]), {}, 'inconclusive', 'perhaps'],
    ['exactly the limit', times(5, [5, 500]), {}, 'inconclusive', 'perhaps'],
    ['a late breach', [...times(60, [1, 1000]), ...times(5, [30, 1000])], {}, 'fail', 'broken'],
    ['one gap', [...times(4, [1, 500]), undefined], {}, 'pass', 'below'],
    ['nothing of late', [...times(10, [1, 500]), ...times(3, undefined)], {}, 'unknown', 'gaps'],
    ['gaps before', [...times(30, undefined), ...times(5, [1, 500])], {}, 'unknown', 'gaps'],
    [
      'gaps before, of a long watch',
      [...times(10, undefined), ...times(5, [1, 500])],
      { plannedMs: 60 * minute },
      'pass',
      'below',
    ],
    ['a breach among gaps', [...times(6, undefined), ...times(2, [50, 500])], {}, 'fail', 'broken'],
    ['bursts, as before the deployment', times(5, [12, 500]), { dispersion: 30 }, 'inconclusive', 'perhaps'],
    ['a rate above one', times(5, [700, 500]), { kind: 'rate', limit: 1.2 }, 'fail', 'broken'],
    [
      'no events in a minute, none needed',
      times(5, [0, 1]),
      { kind: 'rate', limit: 1, atLeast: 0 },
      'pass',
      'below',
    ],
    ['no limit', times(5, [9, 10]), { limit: Number.POSITIVE_INFINITY, atLeast: 1 }, 'pass', 'below'],
  ])('%s', (_, pairs, more, verdict, reason) => {
    expect(judge(pairs, more)).toMatchObject({ verdict, reason })
  })

  it('is surer at every look than at one', () => {
    const pairs = times(5, [7, 500])
    expect(judge(pairs, { sure: sureOnce }).verdict).toBe('fail')
    expect(judge(pairs, { sure: sureAtEveryLook }).verdict).toBe('inconclusive')
  })

  it('counts a step that a gap has made longer for all of its time', () => {
    const stretched = [
      ...steps(...times(3, [1, 500])),
      { from: 3 * minute, at: 5 * minute, value: { hits: 2, all: 1000 } },
    ]
    expect(judgeFraction(stretched, rules)).toMatchObject({
      verdict: 'pass',
      window: { coverage: 1, all: 2500 },
    })
  })

  const pair = fc.nat(1000).chain((all) => fc.tuple(fc.nat(all), fc.constant(all)))
  const series = fc.array(fc.option(pair, { nil: undefined }), { maxLength: 60 })

  it('never passes what measures at or above the limit, nor what it has too little of', () => {
    fc.assert(
      fc.property(series, (pairs) => {
        const { verdict, window } = judge(pairs)
        if (verdict !== 'pass') return
        expect(window.all).toBeGreaterThanOrEqual(50)
        expect(window.ratio).toBeLessThan(0.01)
      }),
    )
  })

  it('is never better for more failures', () => {
    const order = ['pass', 'inconclusive', 'unknown', 'fail']
    fc.assert(
      fc.property(
        series.filter((pairs) => pairs.length <= 8),
        (pairs) => {
          const worse = pairs.map((each) => each && ([Math.min(each[1], each[0] * 2 + 1), each[1]] as const))
          const [before, after] = [judge(pairs), judge(worse)].map(({ verdict }) => order.indexOf(verdict))
          expect(after).toBeGreaterThanOrEqual(before!)
        },
      ),
    )
  })
})
