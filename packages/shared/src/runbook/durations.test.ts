import { describe, expect, it } from '@jest/globals'
import { humanDuration, LONGEST_DURATION_MS, parseDuration } from './durations.ts'

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
    [-90_000, '−1 min 30 s'],
    [Number.NaN, '–'],
    [Number.POSITIVE_INFINITY, '–'],
  ])('%d ms is %s', (ms, text) => {
    expect(humanDuration(ms)).toBe(text)
  })
})
