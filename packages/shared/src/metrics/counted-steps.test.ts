import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { countedSteps, type StepParts } from './counted-steps.ts'

const rules = { stepMs: 60, memoryMs: 600, coverage: 0.8, zero: 0, add: (a: number, b: number) => a + b }
type Parts = Partial<StepParts<number>>
const full = (count: number): Parts => ({ count, seen: 5, scraped: 5 })
const steps = (...parts: Parts[]) =>
  countedSteps(
    parts.map((part, index) => ({
      at: (index + 1) * 60,
      count: undefined,
      seen: undefined,
      lost: undefined,
      scraped: undefined,
      ...part,
    })),
    rules,
  )
const values = (...parts: Parts[]) => steps(...parts).map(({ from, at, value }) => [from, at, value])

describe('countedSteps', () => {
  it('takes what each step counted', () => {
    expect(values(full(1), full(2))).toEqual([
      [0, 60, 1],
      [60, 120, 2],
    ])
  })

  it('has a gap where Prometheus was away; what came meanwhile is in the next step, which is longer', () => {
    expect(values(full(1), {}, {}, full(9))).toEqual([
      [0, 60, 1],
      [60, 120, undefined],
      [120, 180, undefined],
      [60, 240, 9],
    ])
  })

  it('has a gap where too few targets were seen, and loses nothing of the others', () => {
    const half = { count: 2, seen: 2, lost: 3, scraped: 2 }
    expect(values(full(5), half, full(8))).toEqual([
      [0, 60, 5],
      [60, 120, undefined],
      [60, 180, 10],
    ])
  })

  it('bears one silent target of five', () => {
    expect(values({ count: 4, seen: 4, lost: 1, scraped: 4 })).toEqual([[0, 60, 4]])
  })

  it('does not miss pods that are gone', () => {
    expect(values({ count: 2, seen: 2, scraped: 2 })).toEqual([[0, 60, 2]])
  })

  it('counts none where pods were scraped that do not have the series yet', () => {
    expect(values({ scraped: 5 }, { scraped: 5 }, { count: 3, seen: 1, scraped: 5 })).toEqual([
      [0, 60, 0],
      [60, 120, 0],
      [120, 180, 3],
    ])
  })

  it('begins anew after a silence that was longer than the memory', () => {
    expect(values(full(5), {}, { seen: 5, scraped: 5 }, full(7))).toEqual([
      [0, 60, 5],
      [60, 120, undefined],
      [120, 180, undefined],
      [180, 240, 7],
    ])
  })

  it('says where the first measured step may hold what came before the span', () => {
    expect(values({}, full(50), full(5))).toEqual([
      [0, 60, undefined],
      [0 - 600, 120, 50],
      [120, 180, 5],
    ])
  })

  it('has nothing of nothing', () => {
    expect(steps()).toEqual([])
  })

  it('loses no count, wherever the gaps are', () => {
    const part = fc.record({ count: fc.nat(100), seen: fc.integer({ min: 1, max: 5 }) })
    fc.assert(
      fc.property(fc.array(part), (parts) => {
        const all = [
          ...parts.map(({ count, seen }) => ({ count, seen, lost: 5 - seen, scraped: seen })),
          full(1),
        ]
        const total = steps(...all).reduce((sum, { value = 0 }) => sum + value, 0)
        expect(total).toBe(all.reduce((sum, { count = 0 }) => sum + count, 0))
      }),
    )
  })
})
