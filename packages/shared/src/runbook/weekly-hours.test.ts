import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { parseWeeklyHours } from './weekly-hours.ts'

describe('parseWeeklyHours', () => {
  it.each([
    ['Mon 09:00-17:00', '1 540-1020'],
    ['Mon-Wed 09:00-12:30', '1 540-750, 2 540-750, 3 540-750'],
    ['Sat-Mon 00:00-24:00', '6 0-1440, 7 0-1440, 1 0-1440'],
    ['Fri 08:00-12:00, Fri 13:00-16:00', '5 480-720, 5 780-960'],
    ['Fri 08:00-12:00, Fri 12:00-16:00', '5 480-720, 5 720-960'],
    ['  mon  -  tue   09:00 - 10:00 ,FRI 09:00–10:00 ', '1 540-600, 2 540-600, 5 540-600'],
  ])('reads %j', (source, expected) => {
    const parsed = parseWeeklyHours(source)
    const ranges = 'ranges' in parsed ? parsed.ranges : []
    const shown = ranges.map(
      ({ weekday, startMinute, endMinute }) => `${weekday} ${startMinute}-${endMinute}`,
    )
    expect(shown.join(', ')).toBe(expected)
  })

  it.each([
    ['', 0, 'found an empty entry, expected hours such as "Mon-Thu 09:00-17:00, Fri 09:00-12:00"'],
    [
      'Mon 09:00-17:00,',
      16,
      'found an empty entry, expected hours such as "Mon-Thu 09:00-17:00, Fri 09:00-12:00"',
    ],
    ['9 to 5', 0, 'found "9 to 5", expected hours such as "Mon-Thu 09:00-17:00, Fri 09:00-12:00"'],
    ['Mon 09:00', 0, 'found "Mon 09:00", expected hours such as "Mon-Thu 09:00-17:00, Fri 09:00-12:00"'],
    [
      'Mon 09:00-17:00, Thr 09:00-12:00',
      17,
      '"Thr" is no weekday (Mon, Tue, Wed, Thu, Fri, Sat, Sun); did you mean "Thu"?',
    ],
    [
      'Mon-Fir 09:00-17:00',
      4,
      '"Fir" is no weekday (Mon, Tue, Wed, Thu, Fri, Sat, Sun); did you mean "Fri"?',
    ],
    ['Mon 9:00-17:00', 4, '"9:00" is no time from 00:00 to 24:00'],
    ['Mon 09:00-25:00', 10, '"25:00" is no time from 00:00 to 24:00'],
    ['Mon 09:00-24:01', 10, '"24:01" is no time from 00:00 to 24:00'],
    ['Mon 09:60-10:00', 4, '"09:60" is no time from 00:00 to 24:00'],
    ['Mon 22:00-06:00', 4, '"22:00-06:00" ends before it begins; write hours over midnight as two entries'],
    ['Mon 09:00-09:00', 4, '"09:00-09:00" ends before it begins; write hours over midnight as two entries'],
    ['Mon-Fri 09:00-12:00, Fri 11:00-13:00', 21, '"Fri 11:00-13:00" overlaps other hours of Fri'],
  ])('points into %j at character %d', (source, offset, problem) => {
    expect(parseWeeklyHours(source)).toEqual({ problem, offset })
  })

  it('gives valid ranges or a place inside the text, whatever it is given', () => {
    const text = fc.stringMatching(
      /^(Mon|Tue|Sat|Sun|x)?[- ,]{0,2}(Wed|Fri)? ?([0-2]\d:[0-6]\d-[0-2]\d:\d\d)?[, ]{0,2}(Sun 01:00-02:00)?$/,
    )
    fc.assert(
      fc.property(fc.oneof(text, fc.string()), (source) => {
        const parsed = parseWeeklyHours(source)
        if ('problem' in parsed) {
          expect(parsed.offset).toBeGreaterThanOrEqual(0)
          expect(parsed.offset).toBeLessThanOrEqual(source.length)
          return
        }
        for (const { weekday, startMinute, endMinute } of parsed.ranges) {
          expect([1, 2, 3, 4, 5, 6, 7]).toContain(weekday)
          expect(startMinute).toBeLessThan(endMinute)
          expect(endMinute).toBeLessThanOrEqual(1440)
        }
      }),
      { numRuns: 500 },
    )
  })
})
