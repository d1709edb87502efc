import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { playRollout, type PodChange } from './capacity.ts'

const amounts = (given: Record<string, number>) =>
  new Map(Object.entries(given).map(([name, amount]) => [name, BigInt(amount)]))

/** Four pods that are replaced by four of the same size. */
const change = (more: Partial<PodChange> = {}): PodChange => ({
  pods: 4,
  replicas: 4,
  surge: 1,
  unavailable: 0,
  rolling: true,
  before: amounts({ pods: 1, cpu: 10 }),
  after: amounts({ pods: 1, cpu: 10 }),
  ...more,
})

describe('playRollout', () => {
  it.each<[string, Record<string, number>, Partial<PodChange>, object]>([
    ['room for the surge', { pods: 1, cpu: 10 }, {}, { started: 4, lacking: [], beside: 1 }],
    ['no room for one more pod', { pods: 0, cpu: 99 }, {}, { started: 0, lacking: ['pods'], beside: 0 }],
    ['too little of two things', { pods: 0, cpu: 9 }, {}, { started: 0, lacking: ['pods', 'cpu'] }],
    ['nothing is limited', {}, {}, { started: 4, lacking: [], beside: 1 }],
    [
      'no room, but one old pod may go first',
      { pods: 0 },
      { unavailable: 1 },
      { started: 4, lacking: ['pods'], beside: 0 },
    ],
    ['less room than surge', { pods: 1 }, { surge: 2 }, { started: 4, lacking: ['pods'], beside: 1 }],
    [
      'all at once, after the old ones',
      { pods: 0 },
      { rolling: false, surge: 0, unavailable: 4 },
      { started: 4, lacking: [] },
    ],
    [
      'a replica more than there is room for',
      { pods: 1 },
      { replicas: 6 },
      { started: 1, lacking: ['pods'] },
    ],
    [
      // It begins, and is stuck although all new pods together would fit.
      'pods that grow',
      { cpu: 40 },
      { surge: 2, after: amounts({ cpu: 20 }) },
      { started: 3, lacking: ['cpu'], beside: 2 },
    ],
    ['a namespace over its quota', { pods: -1 }, { unavailable: 1 }, { started: 0, lacking: ['pods'] }],
    [
      'fewer pods than wanted, because there was no room',
      { pods: 0 },
      { pods: 3 },
      { started: 0, lacking: ['pods'] },
    ],
    [
      'nothing runs and nothing shall',
      { pods: 0 },
      { pods: 0, replicas: 0, surge: 0 },
      { started: 0, lacking: [] },
    ],
  ])('%s', (_, free, more, wanted) => {
    expect(playRollout(amounts(free), change(more))).toMatchObject(wanted)
  })

  it('leaves what the replicas that are gained or lost do not take', () => {
    const { left } = playRollout(amounts({ pods: 5, cpu: 50 }), change({ replicas: 5 }))
    expect(left).toEqual(amounts({ pods: 4, cpu: 40 }))
  })

  const sizes = fc.record({
    pods: fc.nat(12),
    replicas: fc.integer({ min: 1, max: 12 }),
    surge: fc.nat(4),
    unavailable: fc.nat(4),
    size: fc.integer({ min: 1, max: 5 }),
    free: fc.integer({ min: -20, max: 60 }),
  })

  it('ends, and never takes more than there is', () => {
    fc.assert(
      fc.property(sizes, fc.integer({ min: 1, max: 5 }), (given, after) => {
        const { free, size, ...counts } = given
        const play = playRollout(
          amounts({ cpu: free }),
          change({ ...counts, before: amounts({ cpu: size }), after: amounts({ cpu: after }) }),
        )
        expect(play.started).toBeLessThanOrEqual(given.replicas)
        if (play.started > 0) expect(play.left.get('cpu')).toBeGreaterThanOrEqual(0n)
        // The strategy alone never keeps it from going on: Kubernetes lets at least one pod more or less.
        if (given.surge + given.unavailable > 0) {
          expect(play.started < given.replicas ? play.lacking : ['cpu']).toEqual(['cpu'])
        }
      }),
    )
  })

  it('of same-sized pods, all of them, is stuck exactly where neither one more fits nor one may go', () => {
    fc.assert(
      fc.property(sizes, ({ replicas, surge, unavailable, size, free }) => {
        const pod = amounts({ cpu: size })
        const play = playRollout(
          amounts({ cpu: free }),
          change({ pods: replicas, replicas, surge, unavailable, before: pod, after: pod }),
        )
        const fits = surge > 0 && free >= size
        const goes = unavailable > 0 && free >= 0
        if (free >= 0) expect(play.started === replicas).toBe(fits || goes)
      }),
    )
  })
})
