import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { heldBeyond, type Weighed } from './held.ts'
import type { Counted } from './history.ts'

const minute = 60_000
const rules = { forMs: 5 * minute, coverage: 0.8, atLeast: 50 }
const steps = (...values: (number | undefined)[]): Counted<Weighed>[] =>
  values.map((value, index) => ({
    from: index * minute,
    at: (index + 1) * minute,
    value: value === undefined ? undefined : { value, weight: 20 },
  }))
const held = (values: (number | undefined)[], more = {}) =>
  heldBeyond(steps(...values), (value) => value > 5, { ...rules, ...more })

describe('heldBeyond', () => {
  it.each<[string, (number | undefined)[], boolean]>([
    ['every minute of five', [6, 7, 8, 9, 10], true],
    ['the last five', [0, 0, 6, 7, 8, 9, 10], true],
    ['not yet five', [6, 7, 8, 9], false],
    ['one below', [6, 7, 5, 9, 10], false],
    ['exactly the limit', [6, 7, 8, 9, 5], false],
    ['one gap of five', [6, 7, undefined, 9, 10], true],
    ['a gap at the end', [6, 7, 8, 9, undefined], true],
    ['two gaps of five', [6, undefined, 8, undefined, 10], false],
    ['long ago', [6, 7, 8, 9, 10, 1], false],
    ['nothing', [], false],
    ['only gaps', [undefined, undefined, undefined, undefined, undefined], false],
  ])('%s', (_, values, expected) => {
    expect(held(values) !== undefined).toBe(expected)
  })

  it('needs messages behind it', () => {
    expect(held([6, 7, 8, 9, 10], { atLeast: 101 })).toBeUndefined()
    expect(held([6, 7, 8, 9, 10], { atLeast: 100 })).toBeDefined()
  })

  it('says from when to when, and between what', () => {
    expect(held([0, 6, 9, undefined, 7, 8])).toEqual({ from: minute, at: 6 * minute, lowest: 6, highest: 9 })
  })

  it('counts a step that a gap has made longer for its time', () => {
    const stretched = [...steps(6, 7), { from: 2 * minute, at: 5 * minute, value: { value: 8, weight: 60 } }]
    expect(heldBeyond(stretched, (value) => value > 5, rules)).toBeDefined()
  })

  it('holds only where nothing that was measured in the time is below', () => {
    const value = fc.option(fc.nat(10), { nil: undefined })
    fc.assert(
      fc.property(fc.array(value, { maxLength: 12 }), (values) => {
        const last = values.slice(-5)
        const expected =
          values.length >= 5 &&
          last.filter((each) => each !== undefined).length >= 4 &&
          last.every((each) => each === undefined || each > 5)
        expect(held(values) !== undefined).toBe(expected)
      }),
    )
  })
})
