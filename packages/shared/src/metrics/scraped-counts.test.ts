import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { ScrapedCounter, seriesKey, type PodReading } from './scraped-counts.ts'

const pod = (uid: string, value: number, more: Partial<PodReading> = {}): PodReading => ({
  uid,
  pod: `worker-${uid}`,
  restarts: 0,
  startedAt: 0,
  samples: [{ name: 'x', labels: {}, value }],
  ...more,
})
const key = seriesKey({ name: 'x', labels: {} })

function count(readings: { pods: PodReading[]; unread?: number }[]) {
  const counter = new ScrapedCounter(0.8)
  for (const [index, { pods, unread = 0 }] of readings.entries())
    counter.add({ at: (index + 1) * 100, pods, unread })
  return counter.steps.map(({ from, at, value }) => [from, at, value?.get(key)])
}

describe('ScrapedCounter', () => {
  it('counts first what the pods have counted since they began', () => {
    const readings = [{ pods: [pod('a', 1000, { startedAt: 20 }), pod('b', 500, { startedAt: 60 })] }]
    expect(count(readings)).toEqual([[20, 100, 1500]])
  })

  it('counts then what is new', () => {
    expect(count([{ pods: [pod('a', 10)] }, { pods: [pod('a', 15)] }, { pods: [pod('a', 15)] }])).toEqual([
      [0, 100, 10],
      [100, 200, 5],
      [200, 300, 0],
    ])
  })

  it.each<[string, PodReading[], PodReading[], number]>([
    ['a new pod counts from 0', [pod('a', 10)], [pod('a', 10), pod('b', 7)], 7],
    ['a vanished pod keeps what it had', [pod('a', 10), pod('b', 5)], [pod('a', 12)], 2],
    ['a smaller value is a restart', [pod('a', 10)], [pod('a', 4)], 4],
    ['a restart is told by Kubernetes, too', [pod('a', 10)], [pod('a', 14, { restarts: 1 })], 14],
    ['a counter that appears counts from 0', [pod('a', 10, { samples: [] })], [pod('a', 3)], 3],
    ['no number counts nothing', [pod('a', 10)], [pod('a', Number.NaN)], Number.NaN],
  ])('%s', (_, before, after, expected) => {
    const [, second] = count([{ pods: before }, { pods: after }])
    expect(second?.[2]).toEqual(Number.isNaN(expected) ? undefined : expected)
  })

  it('has a gap where too few pods answered, and counts it in the next step', () => {
    const pods = [pod('a', 10), pod('b', 10)]
    const later = [pod('a', 20), pod('b', 20)]
    expect(count([{ pods }, { pods: [pod('a', 15)], unread: 1 }, { pods: later }])).toEqual([
      [0, 100, 20],
      [100, 200, undefined],
      [100, 300, 20],
    ])
  })

  it('bears one pod of five that does not answer, and counts it when it does', () => {
    const five = (value: number) => ['a', 'b', 'c', 'd', 'e'].map((uid) => pod(uid, value))
    expect(count([{ pods: five(10) }, { pods: five(20).slice(1), unread: 1 }, { pods: five(30) }])).toEqual([
      [0, 100, 50],
      [100, 200, 40],
      [200, 300, 60],
    ])
  })

  it('has a gap where nobody is there', () => {
    expect(count([{ pods: [] }])).toEqual([[100, 100, undefined]])
  })

  it('counts exactly what the pods counted, whatever they do', () => {
    // Each step, each of three pods counts something, and may restart before, or be new.
    const act = fc.record({ counts: fc.nat(50), restarts: fc.boolean(), isNew: fc.boolean() })
    const play = fc.array(fc.tuple(act, act, act), { minLength: 1 })
    fc.assert(
      fc.property(play, (stepsOfPods) => {
        const state = ['a', 'b', 'c'].map((name) => ({ name, value: 0, restarts: 0, generation: 0 }))
        let truth = 0
        const readings = stepsOfPods.map((acts) => ({
          pods: acts.map(({ counts, restarts, isNew }, index) => {
            const own = state[index]!
            if (isNew) Object.assign(own, { value: 0, restarts: 0, generation: own.generation + 1 })
            else if (restarts) Object.assign(own, { value: 0, restarts: own.restarts + 1 })
            own.value += counts
            truth += counts
            return pod(`${own.name}${own.generation}`, own.value, { restarts: own.restarts })
          }),
        }))
        const total = count(readings).reduce((sum, [, , value]) => sum + Number(value), 0)
        expect(total).toBe(truth)
      }),
    )
  })
})
