import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { partitionOf, readingOf } from './group-reading.fixture.ts'
import type { GroupReading } from './group-reading.ts'
import { judgeTrend, lagPoint, type LagPoint, type TrendLimits } from './lag-trend.ts'

const minute = 60_000
const limits: TrendLimits = {
  trendMs: 5 * minute,
  rebalanceCapMs: 5 * minute,
  floor: 500,
  max: 5_000,
  since: -10 * minute,
  normal: { median: 300, mad: 50, points: 60 },
  growsBy: 10_000,
}

/** A group at a time, counted in half minutes: what it has read, and what waits, in each of its partitions. */
interface Step {
  readonly lags: readonly number[]
  readonly read?: readonly number[]
  readonly given?: Partial<GroupReading>
}

function pointsOf(steps: number, at: (step: number) => Step): LagPoint[] {
  return Array.from({ length: steps }, (_, step) => {
    const { lags, read, given } = at(step)
    return lagPoint(
      readingOf([], {
        at: (step * minute) / 2,
        partitions: lags.map((lag, partition) => {
          const committed = Math.round(read?.[partition] ?? 1_000 * step)
          return partitionOf({ partition, committed, logEnd: Math.round(committed + lag) })
        }),
        ...given,
      }),
    )!
  })
}

const kindOf = (points: readonly LagPoint[], more: Partial<TrendLimits> = {}) =>
  judgeTrend('workers', points, { ...limits, ...more }).kind

describe('judgeTrend', () => {
  it.each<[string, number, (step: number) => Step, Partial<TrendLimits>, string]>([
    ['even lag', 31, () => ({ lags: [300] }), {}, 'stable'],
    ['no lag at all', 31, () => ({ lags: [0] }), {}, 'stable'],
    ['lag that swings', 31, (step) => ({ lags: [step % 2 === 0 ? 100 : 450] }), {}, 'stable'],
    ['a sawtooth', 31, (step) => ({ lags: [100 + 60 * (step % 6)] }), {}, 'stable'],
    ['a rise below the floor', 31, (step) => ({ lags: [3 * step] }), {}, 'stable'],
    ['lag that falls', 31, (step) => ({ lags: [4_600 - 150 * step] }), {}, 'stable'],
    ['even growth', 31, (step) => ({ lags: [300 + 30 * step] }), {}, 'growing'],
    [
      'growth with noise',
      31,
      (step) => ({ lags: [300 + 40 * step + (step % 3 === 0 ? 250 : 0)] }),
      {},
      'growing',
    ],
    [
      'growth that has ended, and stays',
      31,
      (step) => ({ lags: [Math.min(300 + 200 * step, 2_300)] }),
      {},
      'elevated',
    ],
    ['a fall that is not over', 31, (step) => ({ lags: [9_000 - 200 * step] }), {}, 'recovering'],
    ['a level above normal', 31, () => ({ lags: [4_600] }), {}, 'elevated'],
    [
      'the same, where nothing is known of before',
      31,
      () => ({ lags: [4_600] }),
      { normal: undefined },
      'stable',
    ],
    [
      'the same, by a baseline of one reading',
      31,
      () => ({ lags: [4_600] }),
      { normal: { median: 300, mad: 0, points: 1 } },
      'elevated',
    ],
    [
      'half the limit, by a baseline of one reading',
      31,
      () => ({ lags: [2_500] }),
      { normal: { median: 300, mad: 0, points: 1 } },
      'stable',
    ],
    ['nothing committed, and messages wait', 31, () => ({ lags: [600], read: [1_000] }), {}, 'stall'],
    ['nothing committed, and few wait', 31, () => ({ lags: [499], read: [1_000] }), {}, 'stable'],
    [
      'one partition of two at a standstill',
      31,
      (step) => ({ lags: [10, 20 * step], read: [1_000 * step, 1_000] }),
      {},
      'stall',
    ],
    [
      'a partition that had nothing to read until now',
      31,
      (step) => ({ lags: [10, step === 30 ? 800 : 0], read: [1_000 * step, 1_000] }),
      {},
      'stable',
    ],
    [
      'offsets that went back',
      31,
      (step) => ({ lags: [step < 28 ? 300 : 2_300], read: [1_000 * step - (step < 28 ? 0 : 5_000)] }),
      {},
      'rewind',
    ],
    [
      'a commit that came late: back in one reading',
      31,
      (step) => ({ lags: [300], read: [step === 20 ? 15_000 : 1_000 * step] }),
      {},
      'stable',
    ],
    [
      'offsets that went back and have been regained since',
      31,
      (step) => ({ lags: [300], read: [step >= 20 && step < 24 ? 15_000 : 1_000 * step] }),
      {},
      'rewind',
    ],
    [
      'the same, out of sight',
      41,
      (step) => ({ lags: [300], read: [step >= 4 && step < 8 ? 1_000 : 1_000 * step] }),
      {},
      'stable',
    ],
    ['far above normal and still growing', 31, (step) => ({ lags: [300 + 400 * step] }), {}, 'breach'],
    ['far above normal and draining', 31, (step) => ({ lags: [24_000 - 200 * step] }), {}, 'recovering'],
    [
      'the same growth without such a trigger',
      31,
      (step) => ({ lags: [300 + 400 * step] }),
      { growsBy: undefined },
      'growing',
    ],
    [
      'far above the least since the rollout, where nothing is known of before',
      31,
      (step) => ({ lags: [9_000 + 400 * step] }),
      { normal: undefined },
      'breach',
    ],
    [
      'members that change at every second reading',
      31,
      (step) => ({ lags: [300], given: { membership: String(Math.floor(step / 2)) } }),
      {},
      'rebalance-storm',
    ],
    [
      'members that changed three times',
      31,
      (step) => ({ lags: [300], given: { membership: String(Math.min(3, Math.max(0, step - 20))) } }),
      {},
      'stable',
    ],
    ['two readings as usual', 2, () => ({ lags: [300] }), {}, 'stable'],
    ['two readings far above', 2, () => ({ lags: [3_000] }), {}, 'too-early'],
    ['one reading', 1, () => ({ lags: [300] }), {}, 'too-early'],
    ['no reading', 0, () => ({ lags: [] }), {}, 'too-early'],
  ])('%s', (_, steps, at, more, kind) => {
    expect(kindOf(pointsOf(steps, at), more)).toBe(kind)
  })

  describe('after a rebalance', () => {
    /** Stands still for two minutes from the 20th half minute on, and then drains. */
    const spike = (step: number): Step => ({
      lags: [
        step < 20 ? 300 : step < 24 ? 300 + 2_500 * (step - 19) : Math.max(300, 10_300 - 1_500 * (step - 23)),
      ],
      given: { membership: step < 20 ? 'before' : 'after' },
    })

    it('says nothing of the spike, and then that it drains', () => {
      const seen = Array.from({ length: 31 }, (_, step) => kindOf(pointsOf(31, spike).slice(0, step + 1)))
      expect(seen.slice(20, 24)).toEqual(['too-early', 'too-early', 'too-early', 'too-early'])
      expect(new Set(seen.slice(24))).not.toContain('breach')
      expect(new Set(seen)).not.toContain('growing')
    })

    it('leaves out no more than the cap, so that what never settles shows', () => {
      const growing = (step: number): Step => ({
        lags: [300 + 400 * step],
        given: { membership: String(Math.floor(step / 3)) },
      })
      expect(kindOf(pointsOf(31, growing), { rebalanceCapMs: minute })).toBe('rebalance-storm')
      const calmer = (step: number): Step => ({
        lags: [300 + 400 * step],
        given: { membership: String(Math.floor(step / 8)) },
      })
      expect(kindOf(pointsOf(31, calmer), { rebalanceCapMs: minute })).toBe('breach')
    })

    it('counts the rollout itself as one', () => {
      const points = pointsOf(11, (step) => ({ lags: [300 + 400 * step] }))
      expect(kindOf(points.slice(0, 4), { since: 0 })).toBe('too-early')
      expect(kindOf(points, { since: 0 })).toBe('growing')
    })
  })

  it('knows totals alone of a process that has ended: enough for growth, not for a standstill', () => {
    const totals = (lag: (step: number) => number): LagPoint[] =>
      Array.from({ length: 31 }, (_, step) => ({ at: (step * minute) / 2, total: lag(step) }))
    expect(kindOf(totals((step) => 300 + 30 * step))).toBe('growing')
    expect(kindOf(totals(() => 4_600))).toBe('elevated')
  })

  it('says what it says in one sentence', () => {
    const growing = pointsOf(31, (step) => ({ lags: [300 + 300 * step] }))
    expect(judgeTrend('workers', growing, limits).sentence).toBe(
      'The lag of workers grows: 9,300 messages behind, 600 more each minute. At this rate it is 10,000 above normal in 2 min.',
    )
    const draining = pointsOf(31, (step) => ({ lags: [9_000 - 200 * step] }))
    expect(judgeTrend('workers', draining, limits).sentence).toBe(
      'workers is draining: 3,000 messages behind, gone in about 8 min at this rate.',
    )
  })

  it('never takes lag below the floor for a trend', () => {
    const lags = fc.array(fc.nat(499), { minLength: 12, maxLength: 31 })
    fc.assert(
      fc.property(lags, (values) => {
        const kind = kindOf(pointsOf(values.length, (step) => ({ lags: [values[step] ?? 0] })))
        expect(['stable', 'recovering']).toContain(kind)
      }),
    )
  })

  it('finds every even growth of more than a fifth of its level', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 3_000 }), fc.integer({ min: 40, max: 300 }), (level, perStep) => {
        const points = pointsOf(31, (step) => ({ lags: [level + perStep * step] }))
        expect(['growing', 'breach']).toContain(kindOf(points, { normal: undefined }))
      }),
    )
  })
})
