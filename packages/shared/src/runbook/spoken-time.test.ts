import { describe, expect, it } from '@jest/globals'
import { timeSpan } from './spoken-time.ts'

describe('timeSpan', () => {
  it.each([
    ['09:41:00', '09:56:00', 'Europe/Berlin', '10:41–10:56 CET'],
    ['09:41:05', '09:41:19', 'Europe/Berlin', '10:41:05–10:41:19 CET'],
    ['23:59:59', '23:59:59', 'UTC', '23:59:59–23:59:59 UTC'],
  ])('from %s to %s in %s', (from, to, zone, expected) => {
    const [begin, end] = [from, to].map((time) => new Date(`2026-01-15T${time}Z`)) as [Date, Date]
    expect(timeSpan(begin, end, zone)).toBe(expected)
  })
})
