import { describe, expect, it } from '@jest/globals'
import { UserError } from '../errors.ts'
import { TEN_LINES } from '../runbook/example.ts'
import { comingHolidays, holidaysFor } from '../runbook/holidays.ts'
import { loadRunbook } from '../runbook/load.ts'
import { decideWindow } from '../runbook/window.ts'
import { publicHolidays } from './public-holidays.ts'

const dates = (region: string, year: number) =>
  publicHolidays.holidaysOf(region, year).map(({ date }) => date)
const nameOn = (region: string, date: string) =>
  publicHolidays.holidaysOf(region, Number(date.slice(0, 4))).find((day) => day.date === date)?.name
const windowOf = (line: string) =>
  loadRunbook(`${TEN_LINES}window: ${line}\n`, { file: 'runbook.yaml' }).window

describe('publicHolidays', () => {
  it('knows the ten public holidays of Berlin in 2026', () => {
    expect(dates('DE-BE', 2026)).toEqual([
      '2026-01-01',
      '2026-03-08',
      '2026-04-03',
      '2026-04-06',
      '2026-05-01',
      '2026-05-14',
      '2026-05-25',
      '2026-10-03',
      '2026-12-25',
      '2026-12-26',
    ])
  })

  it.each([
    ['Corpus Christi', '2026-06-04', ['DE-NW', 'DE-BY', 'DE-HE'], ['DE-BE', 'DE-HH', 'DE']],
    ['Reformation Day', '2026-10-31', ['DE-BB', 'DE-HH', 'DE-NI'], ['DE-BE', 'DE-NW', 'DE-BY']],
    ['Women’s Day', '2026-03-08', ['DE-BE', 'DE-MV'], ['DE-BB', 'DE-NW']],
    ['Epiphany', '2026-01-06', ['DE-BW', 'DE-BY', 'DE-ST'], ['DE-BE', 'DE-NW']],
    ['Repentance Day', '2026-11-18', ['DE-SN'], ['DE-BE', 'DE-TH']],
  ])('%s, %s', (_, date, free, working) => {
    expect(free.filter((region) => !dates(region, 2026).includes(date))).toEqual([])
    expect(working.filter((region) => dates(region, 2026).includes(date))).toEqual([])
  })

  it.each([
    ['US', '2026-07-03', 'Independence Day (substitute day)', 'the Friday before a Saturday'],
    ['US', '2022-06-20', 'Juneteenth (substitute day)', 'the Monday after a Sunday'],
    ['US', '2021-12-31', "New Year's Day (substitute day)", 'in the year before'],
    ['US', '2026-11-26', 'Thanksgiving Day', 'the fourth Thursday of November'],
    ['US-MA', '2026-04-20', "Patriots' Day", 'of one state'],
    ['GB-ENG', '2026-12-28', 'Boxing Day (substitute day)', 'the Monday after a Saturday'],
    ['SE', '2026-06-19', 'Midsummer Eve', 'a Friday between 19 and 25 June'],
    ['SE', '2027-06-25', 'Midsummer Eve', 'a Friday between 19 and 25 June'],
  ])('%s %s is %s: %s', (region, date, name) => {
    expect(nameOn(region, date)).toBe(name)
  })

  it('counts no days on which banks only close early, and no days that are only remembered', () => {
    expect(nameOn('DE-BE', '2026-12-24')).toBeUndefined()
    expect(nameOn('DE-BE', '2026-02-14')).toBeUndefined()
    expect(nameOn('US-CA', '2026-04-20')).toBeUndefined()
  })

  it('names only days of the year that is asked for, in their order', () => {
    for (const region of ['US', 'GB-SCT', 'SE', 'IL', 'JP', 'BR']) {
      const found = dates(region, 2022)
      expect(found.length).toBeGreaterThan(5)
      expect(found.filter((date) => !date.startsWith('2022-'))).toEqual([])
      expect(found).toEqual([...new Set(found)].toSorted())
    }
  })

  it.each([
    ['XX', 'no region of the calendar', 'DE, DJ, DK'],
    ['DE-BR', 'did you mean "DE-BB"?', 'BB, BE, BW'],
    ['US-LA-NX', 'did you mean "US-LA-NO"?', 'regions of US-LA: NO'],
    ['DE-BE-XX', 'no region of the calendar', 'write DE-BE.'],
  ])('refuses %s and names the valid ones', (region, message, next) => {
    const refused = (): unknown => publicHolidays.holidaysOf(region, 2026)
    expect(refused).toThrow(message)
    expect(refused).toThrow(
      expect.objectContaining({ name: UserError.name, next: expect.stringContaining(next) as unknown }),
    )
  })
})

describe('the window with a calendar', () => {
  const decide = (line: string, now: string) => {
    const window = windowOf(line)
    const holidays = holidaysFor(window, new Date(now), publicHolidays)
    return decideWindow(window, { now: new Date(now), needsMs: 3_600_000, rule: 'preferred', holidays })
  }
  const berlin = '{ time-zone: Europe/Berlin, hours: "Mon-Fri 09:00-17:00", holidays: DE-BE }'

  it.each([
    ['the day before Good Friday', '2026-04-02T08:00:00Z', 'the day before a holiday (Good Friday)'],
    ['the day before New Year', '2026-12-31T09:00:00Z', "the day before a holiday (New Year's Day)"],
    ['the day before the first of two', '2026-12-24T09:00:00Z', 'the day before a holiday (Christmas Day)'],
  ])('blocks on %s', (_, now, reason) => {
    expect(decide(berlin, now)).toMatchObject({
      verdict: 'avoided',
      reason: expect.stringContaining(reason) as unknown,
    })
  })

  it('only warns on the holiday itself, and is open two days before', () => {
    expect(decide(berlin, '2026-04-03T08:00:00Z').verdict).toBe('outside-preferred')
    expect(decide(berlin, '2026-04-01T08:00:00Z').verdict).toBe('open')
  })

  it('is open in Berlin where North Rhine-Westphalia has a holiday tomorrow', () => {
    const now = '2026-06-03T08:00:00Z'
    expect(decide(berlin, now).verdict).toBe('open')
    expect(decide(berlin.replace('DE-BE', 'DE-NW'), now).verdict).toBe('avoided')
  })

  it('keeps the coming days only, across the end of the year', () => {
    const known = comingHolidays(windowOf(berlin), new Date('2026-11-23T10:00:00Z'), publicHolidays)
    expect(known).toMatchObject({ region: 'DE-BE', until: '2027-07-09' })
    expect(known?.dates.map(({ date }) => date)).toEqual([
      '2026-12-25',
      '2026-12-26',
      '2027-01-01',
      '2027-03-08',
      '2027-03-26',
      '2027-03-29',
      '2027-05-01',
      '2027-05-06',
      '2027-05-17',
    ])
    expect(comingHolidays(windowOf('{}'), new Date(), publicHolidays)).toBeUndefined()
  })
})
