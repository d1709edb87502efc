import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { formatDuration, humanDuration, LONGEST_DURATION_MS, parseDuration } from './durations.ts'

describe('parseDuration', () => {
  it.each([
    ['0s', 0],
    ['30s', 30_000],
    ['90s', 90_000],
    ['15m', 900_000],
    ['1h', 3_600_000],
    ['1h30m', 5_400_000],
    ['1d2h3m4s', 93_784_000],
    ['14d', LONGEST_DURATION_MS],
  ])('reads %s', (text, ms) => {
    expect(parseDuration(text)).toBe(ms)
  })

  it.each([
    '',
    '30',
    's',
    '1.5h',
    '-1m',
    '30 s',
    '1m1h',
    '1h1h',
    ' 1h',
    '1h ',
    '1H',
    '1ms',
    '14d1s',
    '336h1m',
    '9999999d',
  ])('refuses %j', (text) => {
    expect(parseDuration(text)).toBeUndefined()
  })
})

describe('formatDuration', () => {
  it('is undone by parseDuration', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: LONGEST_DURATION_MS / 1000 }), (seconds) => {
        expect(parseDuration(formatDuration(seconds * 1000))).toBe(seconds * 1000)
      }),
    )
  })

  it('writes one text for equal durations', () => {
    expect(['60m', '1h', '3600s'].map((text) => formatDuration(parseDuration(text) ?? -1))).toEqual([
      '1h',
      '1h',
      '1h',
    ])
  })

  it.each([-1, Number.NaN, Number.POSITIVE_INFINITY])('refuses %d', (ms) => {
    expect(() => formatDuration(ms)).toThrow(RangeError)
  })
})

describe('humanDuration', () => {
  it.each([
    [0, '0 s'],
    [250, '250 ms'],
    [42_000, '42 s'],
    [161_000, '2 min 41 s'],
    [600_000, '10 min'],
    [3_605_000, '1 h'],
    [5_400_000, '1 h 30 min'],
    [90_000_000, '1 d 1 h'],
    [59_600, '1 min'],
  ])('%d ms is %s', (ms, text) => {
    expect(humanDuration(ms)).toBe(text)
  })
})
