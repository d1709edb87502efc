import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { instantAt, isTimeZone, localTime, timeZoneNames } from './time-zone.ts'

const at = (date: string, time: string, zone: string, which: 'first' | 'last' = 'first') => {
  const [hours = 0, minutes = 0] = time.split(':').map(Number)
  return instantAt(date, hours * 60 + minutes, zone, which).toISOString()
}

describe('isTimeZone', () => {
  it.each(['UTC', 'Europe/Berlin', 'Asia/Kolkata', 'America/Argentina/Buenos_Aires'])('knows %s', (zone) => {
    expect(isTimeZone(zone)).toBe(true)
  })

  it.each(['Europe/Berln', '+01:00', '-05:00', '', 'Mars/Olympus'])('refuses %j', (zone) => {
    expect(isTimeZone(zone)).toBe(false)
  })
})

describe('localTime', () => {
  it.each([
    ['2026-07-01T22:30:00Z', 'Europe/Berlin', '2026-07-02', 30],
    ['2026-01-01T00:00:00Z', 'Asia/Kolkata', '2026-01-01', 330],
    ['2026-01-01T00:00:00Z', 'America/St_Johns', '2025-12-31', 1230],
    ['2028-02-29T12:00:00Z', 'Pacific/Auckland', '2028-03-01', 60],
    ['2026-11-24T09:59:59.999Z', 'UTC', '2026-11-24', 599],
  ])('%s in %s', (instant, zone, date, minute) => {
    expect(localTime(new Date(instant), zone)).toEqual({ date, minute })
  })
})

describe('instantAt', () => {
  it.each([
    ['2026-11-24', '09:00', 'Europe/Berlin', '2026-11-24T08:00:00.000Z'],
    ['2026-07-01', '09:00', 'Europe/Berlin', '2026-07-01T07:00:00.000Z'],
    ['2026-07-01', '09:00', 'Asia/Kolkata', '2026-07-01T03:30:00.000Z'],
    ['2026-07-01', '09:00', 'Asia/Kathmandu', '2026-07-01T03:15:00.000Z'],
    ['2028-02-29', '24:00', 'UTC', '2028-03-01T00:00:00.000Z'],
    ['2026-12-31', '24:00', 'Pacific/Kiritimati', '2026-12-31T10:00:00.000Z'],
    ['2026-12-31', '24:00', 'Pacific/Pago_Pago', '2027-01-01T11:00:00.000Z'],
  ])('%s %s in %s', (date, time, zone, expected) => {
    expect(at(date, time, zone)).toBe(expected)
  })

  it('takes the moment of the change for a time that is skipped', () => {
    // Berlin goes from 02:00 to 03:00 at 01:00 UTC.
    expect(at('2026-03-29', '02:30', 'Europe/Berlin')).toBe('2026-03-29T01:00:00.000Z')
    // Lord Howe Island goes forward by half an hour.
    expect(at('2026-10-04', '02:15', 'Australia/Lord_Howe')).toBe('2026-10-03T15:30:00.000Z')
    // Beirut skips midnight itself.
    expect(at('2026-03-29', '00:00', 'Asia/Beirut')).toBe('2026-03-28T22:00:00.000Z')
    // Samoa skipped a whole day.
    expect(at('2011-12-30', '12:00', 'Pacific/Apia')).toBe('2011-12-30T10:00:00.000Z')
  })

  it('tells the two occurrences of a time that comes twice', () => {
    expect(at('2026-10-25', '02:30', 'Europe/Berlin', 'first')).toBe('2026-10-25T00:30:00.000Z')
    expect(at('2026-10-25', '02:30', 'Europe/Berlin', 'last')).toBe('2026-10-25T01:30:00.000Z')
    // Southern hemisphere: Sydney goes back in April.
    expect(at('2026-04-05', '02:30', 'Australia/Sydney', 'first')).toBe('2026-04-04T15:30:00.000Z')
    expect(at('2026-04-05', '02:30', 'Australia/Sydney', 'last')).toBe('2026-04-04T16:30:00.000Z')
  })

  it('is undone by localTime wherever the clock shows the time at all', () => {
    const zone = fc.constantFrom(...timeZoneNames())
    const minuteOfYears = fc.integer({
      min: Date.UTC(2020, 0, 1) / 60_000,
      max: Date.UTC(2035, 0, 1) / 60_000,
    })
    fc.assert(
      fc.property(zone, minuteOfYears, (name, minutes) => {
        const instant = new Date(minutes * 60_000)
        const { date, minute } = localTime(instant, name)
        const first = instantAt(date, minute, name, 'first')
        const last = instantAt(date, minute, name, 'last')
        expect([first.getTime(), last.getTime()]).toContain(instant.getTime())
        expect(first.getTime()).toBeLessThanOrEqual(last.getTime())
      }),
      { numRuns: 1000 },
    )
  })

  it('never goes back as the clock time goes on', () => {
    const changes = [
      ['2026-03-29', 'Europe/Berlin'],
      ['2026-10-25', 'Europe/Berlin'],
      ['2026-10-04', 'Australia/Lord_Howe'],
      ['2026-04-05', 'Australia/Lord_Howe'],
      ['2026-11-01', 'America/Havana'],
    ] as const
    for (const [date, zone] of changes) {
      for (const which of ['first', 'last'] as const) {
        const instants = Array.from({ length: 1441 }, (_, minute) =>
          instantAt(date, minute, zone, which).getTime(),
        )
        // `last` jumps forward by the hour that is repeated, and back never.
        expect(
          instants.every((instant, minute) => minute === 0 || instant >= (instants[minute - 1] ?? 0)),
        ).toBe(true)
      }
    }
  })
})
