import { describe, expect, it } from '@jest/globals'
import { TEN_LINES } from './example.ts'
import { type HolidayCalendar, holidaysFor } from './holidays.ts'
import { loadRunbook } from './load.ts'

/** A calendar with one holiday a year; notes what it was asked. */
function calendarWithNotes(asked: string[]): HolidayCalendar {
  return {
    holidaysOf(region, year) {
      asked.push(`${region} ${year}`)
      return [{ date: `${year}-12-25`, name: 'Christmas Day' }]
    },
  }
}

const windowOf = (line: string) =>
  loadRunbook(`${TEN_LINES}window: ${line}\n`, { file: 'runbook.yaml' }).window

describe('holidaysFor', () => {
  it('asks for the year and the next one, in the calendar of the place', () => {
    const asked: string[] = []
    const window = windowOf('{ time-zone: Pacific/Auckland, holidays: NZ }')
    const found = holidaysFor(window, new Date('2026-12-31T12:00:00Z'), calendarWithNotes(asked))
    expect(asked).toEqual(['NZ 2027', 'NZ 2028'])
    expect(found.map(({ date }) => date)).toEqual(['2027-12-25', '2028-12-25'])
  })

  it('does not ask without a region', () => {
    const asked: string[] = []
    expect(holidaysFor(windowOf('{}'), new Date('2026-11-23T12:00:00Z'), calendarWithNotes(asked))).toEqual(
      [],
    )
    expect(asked).toEqual([])
  })

  it('passes on what the calendar refuses', () => {
    const calendar: HolidayCalendar = {
      holidaysOf() {
        throw new Error('unknown region')
      },
    }
    expect(() => holidaysFor(windowOf('{ holidays: XX }'), new Date(0), calendar)).toThrow('unknown region')
  })
})
