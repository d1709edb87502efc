import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { addDays, isIsoDate, weekdayOf } from './iso-date.ts'

describe('isIsoDate', () => {
  it.each(['2026-12-24', '2028-02-29', '2000-02-29', '2026-01-01'])('accepts %s', (text) => {
    expect(isIsoDate(text)).toBe(true)
  })

  it.each([
    '2026-02-29',
    '1900-02-29',
    '2026-13-01',
    '2026-00-10',
    '2026-04-31',
    '26-01-01',
    '2026-1-1',
    '2026-12-24T00:00',
    '',
  ])('refuses %j', (text) => {
    expect(isIsoDate(text)).toBe(false)
  })
})

describe('addDays', () => {
  it.each([
    ['2026-12-31', 1, '2027-01-01'],
    ['2028-02-28', 1, '2028-02-29'],
    ['2026-03-01', -1, '2026-02-28'],
    ['2026-01-01', 0, '2026-01-01'],
  ])('%s and %d', (date, days, expected) => {
    expect(addDays(date, days)).toBe(expected)
  })

  it('goes and comes back, one weekday a day', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 40_000 }), fc.integer({ min: -500, max: 500 }), (start, days) => {
        const date = addDays('1990-01-01', start)
        const moved = addDays(date, days)
        expect(addDays(moved, -days)).toBe(date)
        expect((weekdayOf(moved) - weekdayOf(date) - days) % 7).toBeCloseTo(0)
      }),
    )
  })
})

describe('weekdayOf', () => {
  it.each([
    ['2026-11-23', 1],
    ['2026-11-29', 7],
    ['2028-02-29', 2],
  ])('%s', (date, weekday) => {
    expect(weekdayOf(date)).toBe(weekday)
  })
})
