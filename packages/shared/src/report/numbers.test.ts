import { describe, expect, it } from '@jest/globals'
import {
  formatBytes,
  formatCount,
  formatDateTime,
  formatPercent,
  formatPercentDelta,
  formatSpan,
  formatTime,
} from './numbers.ts'

describe('numbers', () => {
  it.each([
    [5000, '5,000'],
    [0, '0'],
    [-0, '0'],
    [6.24, '6.2'],
    [-1234.5, '−1,234.5'],
    [NaN, '–'],
    [Infinity, '–'],
  ])('counts %p', (value, expected) => {
    expect(formatCount(value)).toBe(expected)
  })

  it.each([
    [0, '0 %'],
    [0.004, '0.4 %'],
    [0.0311, '3.1 %'],
    [1, '100 %'],
    [0.0004, '< 0.1 %'],
    [-0.0004, '> −0.1 %'],
    [0.0005, '0.1 %'],
    [NaN, '–'],
  ])('shares %p', (share, expected) => {
    expect(formatPercent(share)).toBe(expected)
  })

  it.each([
    [0.027, '+2.7 %'],
    [-0.027, '−2.7 %'],
    [0, '0 %'],
    [0.0001, '< +0.1 %'],
    [NaN, '–'],
  ])('differences %p', (delta, expected) => {
    expect(formatPercentDelta(delta)).toBe(expected)
  })

  it.each([
    [1, '1 byte'],
    [999, '999 bytes'],
    [812_345, '812.3 kB'],
    [1_048_576, '1 MB'],
    [5e12, '5,000 GB'],
    [NaN, '–'],
  ])('sizes %p', (bytes, expected) => {
    expect(formatBytes(bytes)).toBe(expected)
  })
})

describe('times', () => {
  it.each([
    ['2026-01-15T10:31:00Z', 'Europe/Berlin', '11:31 CET (10:31 UTC)'],
    ['2026-07-15T10:31:00Z', 'Europe/Berlin', '12:31 CEST (10:31 UTC)'],
    ['2026-01-15T10:31:00Z', 'America/New_York', '05:31 EST (10:31 UTC)'],
    ['2026-01-15T10:31:00Z', 'Asia/Kolkata', '16:01 IST (10:31 UTC)'],
    ['2026-01-15T10:31:00Z', 'Asia/Tokyo', '19:31 GMT+9 (10:31 UTC)'],
    ['2026-01-15T10:31:00Z', 'UTC', '10:31 UTC'],
    ['2026-01-15T23:31:00Z', 'Europe/Berlin', '00:31 CET (Thu 15 Jan 2026 23:31 UTC)'],
    ['2026-01-15T00:00:00Z', 'Europe/London', '00:00 GMT (00:00 UTC)'],
  ])('%s in %s', (iso, zone, expected) => {
    expect(formatTime(new Date(iso), zone)).toBe(expected)
  })

  it.each([
    ['10:41:00', '10:45:00', 'UTC', '10:41–10:45 UTC'],
    ['10:41:05', '10:41:19', 'UTC', '10:41:05–10:41:19 UTC'],
    ['10:41:00', '10:45:00', 'Europe/Berlin', '11:41–11:45 CET (10:41–10:45 UTC)'],
    ['22:59:30', '23:00:10', 'Europe/Berlin', '23:59:30–00:00:10 CET (22:59:30–23:00:10 UTC)'],
  ])('from %s until %s in %s', (from, until, zone, expected) => {
    const [begin, end] = [from, until].map((time) => new Date(`2026-01-15T${time}Z`)) as [Date, Date]
    expect(formatSpan(begin, end, zone)).toBe(expected)
  })

  it('with the day', () => {
    expect(formatDateTime(new Date('2025-03-04T10:31:00Z'), 'Europe/Berlin')).toBe(
      'Tue 4 Mar 2025, 11:31 CET (10:31 UTC)',
    )
  })
})
