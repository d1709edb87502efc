import { describe, expect, it } from '@jest/globals'
import type { QueryRange, RangeSeries } from './prometheus-api.ts'
import { RangeCache } from './range-cache.ts'

const { signal } = new AbortController()

function setUp() {
  const asked: { query: string; from: number; to: number }[] = []
  let version = 0
  const ask = (query: string, { fromMs, toMs, stepMs }: QueryRange): Promise<RangeSeries[]> => {
    asked.push({ query, from: fromMs, to: toMs })
    const values = new Map<number, number>()
    for (let at = fromMs; at <= toMs; at += stepMs) values.set(at, at + version)
    return Promise.resolve([{ labels: { a: '1' }, values }])
  }
  const cache = new RangeCache(ask, 30)
  const get = async (fromMs: number, toMs: number, nowMs = toMs, query = 'q') => {
    const series = await cache.get(query, { fromMs, toMs, stepMs: 10 }, nowMs, signal)
    return series.flatMap(({ values }) => [...values])
  }
  return { asked, get, change: () => (version = 1000) }
}

describe('RangeCache', () => {
  it('asks only for the steps that are new or may still change', async () => {
    const { asked, get } = setUp()
    await get(10, 100)
    await get(10, 110)
    await get(10, 120)
    expect(asked.map(({ from, to }) => [from, to])).toEqual([
      [10, 100],
      [90, 110],
      [100, 120],
    ])
  })

  it('gives the whole span, and what was still young as it is now', async () => {
    const { get, change } = setUp()
    await get(80, 100)
    change()
    expect(await get(60, 110)).toHaveLength(6)
    const fresh = setUp()
    await fresh.get(50, 100)
    fresh.change()
    expect(await fresh.get(50, 110)).toEqual([
      [50, 50],
      [60, 60],
      [70, 70],
      [80, 80],
      [90, 1090],
      [100, 1100],
      [110, 1110],
    ])
  })

  it('asks nothing where all is known', async () => {
    const { asked, get } = setUp()
    await get(10, 100)
    await get(20, 60, 200)
    expect(asked).toHaveLength(1)
  })

  it.each<[string, [number, number, number, string?]]>([
    ['another query', [10, 100, 100, 'other']],
    ['a span that begins earlier', [0, 100, 100]],
    ['a span that does not join', [500, 600, 600]],
  ])('asks anew for %s', async (_, call) => {
    const { asked, get } = setUp()
    await get(10, 100)
    const values = await get(...call)
    expect(asked.at(-1)).toMatchObject({ from: call[0], to: call[1] })
    expect(values).toHaveLength((call[1] - call[0]) / 10 + 1)
  })

  it('asks once where several ask the same at the same time', async () => {
    const { asked, get } = setUp()
    const [first, second] = await Promise.all([get(10, 100), get(10, 100)])
    expect(asked).toHaveLength(1)
    expect(second).toEqual(first)
  })

  it('keeps a series that ended, and finds one that is new', async () => {
    const answers: RangeSeries[][] = [
      [{ labels: { pod: 'old' }, values: new Map([[10, 1]]) }],
      [{ labels: { pod: 'new' }, values: new Map([[50, 2]]) }],
    ]
    const cache = new RangeCache(() => Promise.resolve(answers.shift() ?? []), 0)
    await cache.get('q', { fromMs: 10, toMs: 40, stepMs: 10 }, 40, signal)
    const series = await cache.get('q', { fromMs: 10, toMs: 50, stepMs: 10 }, 50, signal)
    expect(series.map(({ labels, values }) => [labels.pod, [...values]])).toEqual([
      ['old', [[10, 1]]],
      ['new', [[50, 2]]],
    ])
  })

  it('remembers nothing of a question that failed', async () => {
    let fails = true
    const cache = new RangeCache(() => (fails ? Promise.reject(new Error('away')) : Promise.resolve([])), 0)
    const range = { fromMs: 10, toMs: 40, stepMs: 10 }
    await expect(cache.get('q', range, 40, signal)).rejects.toThrow('away')
    fails = false
    expect(await cache.get('q', range, 40, signal)).toEqual([])
  })
})
