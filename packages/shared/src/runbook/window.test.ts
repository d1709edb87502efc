import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { TEN_LINES } from './example.ts'
import type { HolidayDate } from './holidays.ts'
import { addDays } from './iso-date.ts'
import { loadRunbook } from './load.ts'
import type { Window } from './schema.ts'
import { type Avoided, window as windowSchema } from './schema/window.ts'
import { decideWindow, type WindowDecision } from './window.ts'

const MINUTE = 60_000

const windowOf = (line: string): Window =>
  loadRunbook(`${TEN_LINES}window: ${line}\n`, { file: 'runbook.yaml' }).window

const berlin = windowOf('{ time-zone: Europe/Berlin }')
const christmas: HolidayDate = { date: '2026-12-25', name: 'Christmas Day' }

interface Case {
  window?: Window
  now: string
  needs?: number
  rule?: 'preferred' | 'any'
  holidays?: HolidayDate[]
}

function decide({
  window = berlin,
  now,
  needs = 70,
  rule = 'preferred',
  holidays = [christmas],
}: Case): WindowDecision {
  return decideWindow(window, { now: new Date(now), needsMs: needs * MINUTE, rule, holidays })
}

describe('the sentence', () => {
  it.each([
    [
      { now: '2026-11-24T09:00:12Z' },
      'open',
      'Tuesday 24 Nov 2026, 10:00 CET (Europe/Berlin) is inside the preferred hours, which last until 17:00 CET; rollout and watch need 1 h 10 min, until 11:10 CET.',
    ],
    [
      { now: '2026-11-24T15:00:00Z' },
      'outside-preferred',
      'Tuesday 24 Nov 2026, 16:00 CET (Europe/Berlin) is inside the preferred hours, but rollout and watch need 1 h 10 min, until 17:10 CET, and the hours end at 17:00 CET. The next time to begin is Wednesday 25 Nov, 09:00 CET.',
    ],
    [
      { now: '2026-11-28T13:00:00Z' },
      'outside-preferred',
      'Saturday 28 Nov 2026, 14:00 CET (Europe/Berlin) is outside the preferred hours (Mon-Thu 09:00-17:00, Fri 09:00-12:00). The next time to begin is Monday 30 Nov, 09:00 CET.',
    ],
    [
      { now: '2026-12-25T13:00:00Z' },
      'avoided',
      'Friday 25 Dec 2026, 14:00 CET (Europe/Berlin) falls into Friday afternoon, which the runbook avoids. The next time to begin is Monday 28 Dec, 09:00 CET.',
    ],
    [
      { now: '2026-11-27T10:20:00Z' },
      'avoided',
      'At Friday 27 Nov 2026, 11:20 CET (Europe/Berlin), rollout and watch need 1 h 10 min, until 12:30 CET, and reach into Friday afternoon (from 12:00 CET), which the runbook avoids. The next time to begin is Monday 30 Nov, 09:00 CET.',
    ],
    [
      { now: '2026-12-24T09:00:00Z' },
      'avoided',
      'Thursday 24 Dec 2026, 10:00 CET (Europe/Berlin) falls into the day before a holiday (Christmas Day), which the runbook avoids. The next time to begin is Monday 28 Dec, 09:00 CET.',
    ],
    [
      { now: '2026-12-25T09:00:00Z', needs: 30 },
      'outside-preferred',
      'Friday 25 Dec 2026, 10:00 CET (Europe/Berlin) is outside the preferred hours (Mon-Thu 09:00-17:00, Fri 09:00-12:00); today is a holiday (Christmas Day). The next time to begin is Monday 28 Dec, 09:00 CET.',
    ],
    [
      { now: '2026-11-28T13:00:00Z', rule: 'any' as const },
      'open',
      'This class of change may ship at any time. Saturday 28 Nov 2026, 14:00 CET (Europe/Berlin) is outside the preferred hours (Mon-Thu 09:00-17:00, Fri 09:00-12:00). The next time to begin is Monday 30 Nov, 09:00 CET.',
    ],
  ])('%j', (given, verdict, reason) => {
    expect(decide(given)).toMatchObject({ verdict, reason })
  })
})

const kolkata = windowOf('{ time-zone: Asia/Kolkata }')
const kathmandu = windowOf('{ time-zone: Asia/Kathmandu }')
const sydney = windowOf('{ time-zone: Australia/Sydney }')
const auckland = windowOf('{ time-zone: Pacific/Auckland, avoid: [day-before-holiday] }')
const newYork = windowOf('{ time-zone: America/New_York }')
const nightly = windowOf('{ time-zone: Europe/Berlin, hours: "Sat-Sun 01:00-04:00", avoid: [] }')
const sydneyNights = windowOf('{ time-zone: Australia/Sydney, hours: "Sun 01:00-04:00", avoid: [] }')
const always = windowOf('{ time-zone: Europe/Berlin, hours: "Mon-Sun 00:00-24:00", avoid: [] }')
const lunch = windowOf('{ time-zone: Europe/Berlin, hours: "Mon-Fri 09:00-12:00, Mon-Fri 13:00-17:00" }')
const strict = windowOf(
  '{ time-zone: Europe/Berlin, avoid: [weekend, holiday, friday-afternoon, day-before-holiday] }',
)
const daysOff = windowOf('{ days-off: [{ date: 2026-11-25, name: company day }] }')
const frozen = windowOf(
  '{ avoid: [], freezes: [{ from: 2026-12-21, to: 2027-01-03, reason: year-end close }, { from: 2028-02-29 }] }',
)

describe('verdicts', () => {
  it.each<[string, Case, WindowDecision['verdict']]>([
    ['the first minute of the hours', { now: '2026-11-24T08:00:00Z' }, 'open'],
    ['the minute before', { now: '2026-11-24T07:59:59Z' }, 'outside-preferred'],
    ['just fitting before the end', { now: '2026-11-24T14:50:00Z' }, 'open'],
    ['a minute too late', { now: '2026-11-24T14:51:00Z' }, 'outside-preferred'],
    ['the end of the hours', { now: '2026-11-24T16:00:00Z', needs: 0 }, 'outside-preferred'],
    ['Friday morning', { now: '2026-11-27T09:00:00Z' }, 'open'],
    ['Friday noon', { now: '2026-11-27T11:00:00Z', needs: 0 }, 'avoided'],
    ['Friday night', { now: '2026-11-27T22:59:00Z', needs: 1 }, 'avoided'],
    ['Saturday', { now: '2026-11-27T23:00:00Z' }, 'outside-preferred'],
    ['Saturday where weekends are avoided', { window: strict, now: '2026-11-27T23:00:00Z' }, 'avoided'],
    ['Sunday night into Monday', { window: strict, now: '2026-11-29T22:59:00Z' }, 'avoided'],
    ['Monday night', { window: strict, now: '2026-11-29T23:00:00Z' }, 'outside-preferred'],
    ['a holiday', { now: '2026-12-25T08:30:00Z', needs: 10 }, 'outside-preferred'],
    [
      'a holiday where holidays are avoided',
      { window: strict, now: '2026-12-25T08:30:00Z', needs: 10 },
      'avoided',
    ],
    ['the evening before the day before a holiday', { now: '2026-12-23T22:30:00Z' }, 'avoided'],
    ['the same, finished before midnight', { now: '2026-12-23T21:30:00Z' }, 'outside-preferred'],
    ['the same, finished at midnight', { now: '2026-12-23T21:50:00Z' }, 'outside-preferred'],
    [
      'a freeze that is days ahead but not too many',
      { window: frozen, now: '2026-12-12T10:00:00Z', needs: 9 * 1440 },
      'avoided',
    ],
    [
      'a freeze that begins when all is done',
      { window: frozen, now: '2026-12-12T00:00:00Z', needs: 9 * 1440 },
      'outside-preferred',
    ],
    ['the lunch break ahead', { window: lunch, now: '2026-11-24T10:30:00Z' }, 'outside-preferred'],
    ['after the lunch break', { window: lunch, now: '2026-11-24T12:00:00Z' }, 'open'],
    [
      'over midnight where hours are round the clock',
      { window: always, now: '2026-11-24T22:30:00Z' },
      'open',
    ],
    [
      'for three days round the clock',
      { window: always, now: '2026-11-24T22:30:00Z', needs: 3 * 1440 },
      'open',
    ],
    // Year end.
    [
      'the day before New Year',
      { now: '2026-12-31T09:00:00Z', holidays: [{ date: '2027-01-01', name: 'New Year' }] },
      'avoided',
    ],
    [
      'New Year',
      { now: '2027-01-01T08:30:00Z', needs: 10, holidays: [{ date: '2027-01-01', name: 'New Year' }] },
      'outside-preferred',
    ],
    ['the day before a day off of the team', { window: daysOff, now: '2026-11-24T10:00:00Z' }, 'avoided'],
    ['a day off of the team', { window: daysOff, now: '2026-11-25T10:00:00Z' }, 'outside-preferred'],
    ['a freeze', { window: frozen, now: '2026-12-22T10:00:00Z' }, 'avoided'],
    ['the last minute of a freeze', { window: frozen, now: '2027-01-03T23:59:00Z', needs: 0 }, 'avoided'],
    ['after a freeze', { window: frozen, now: '2027-01-04T09:00:00Z' }, 'open'],
    // Leap day.
    ['a freeze on the leap day', { window: frozen, now: '2028-02-29T10:00:00Z' }, 'avoided'],
    ['the day after it', { window: frozen, now: '2028-03-01T10:00:00Z' }, 'open'],
    [
      'before a holiday on the leap day',
      { now: '2028-02-28T10:00:00Z', holidays: [{ date: '2028-02-29', name: 'x' }] },
      'avoided',
    ],
    [
      'before 1 March in a leap year',
      { now: '2028-02-29T10:00:00Z', holidays: [{ date: '2028-03-01', name: 'x' }] },
      'avoided',
    ],
    // Zones: the same instant is another time of day, and another day.
    [
      'half an hour off: Kolkata opens at 03:30 UTC',
      { window: kolkata, now: '2026-11-24T03:30:00Z' },
      'open',
    ],
    ['and not before', { window: kolkata, now: '2026-11-24T03:29:00Z' }, 'outside-preferred'],
    [
      'three quarters off: Kathmandu opens at 03:15 UTC',
      { window: kathmandu, now: '2026-11-24T03:15:00Z' },
      'open',
    ],
    ['and not before', { window: kathmandu, now: '2026-11-24T03:14:00Z' }, 'outside-preferred'],
    [
      'Friday afternoon in Sydney is Friday morning in UTC',
      { window: sydney, now: '2026-11-27T01:00:00Z' },
      'avoided',
    ],
    [
      'Thursday evening in New York is Friday in UTC',
      { window: newYork, now: '2026-11-27T01:00:00Z' },
      'outside-preferred',
    ],
    ['the eve of the holiday in Auckland', { window: auckland, now: '2026-12-23T20:00:00Z' }, 'avoided'],
    [
      'the holiday itself there is the 24th in UTC',
      { window: auckland, now: '2026-12-24T20:00:00Z' },
      'outside-preferred',
    ],
    // Summer time: hours are by the clock on the wall.
    ['Berlin in summer opens at 07:00 UTC', { now: '2026-07-01T07:00:00Z' }, 'open'],
    ['and in winter an hour later', { now: '2026-11-24T07:00:00Z' }, 'outside-preferred'],
    ['the Monday after the spring change', { now: '2026-03-30T07:00:00Z' }, 'open'],
    ['the Friday before it', { now: '2026-03-27T07:59:00Z' }, 'outside-preferred'],
    ['the Monday after the autumn change', { now: '2026-10-26T08:00:00Z' }, 'open'],
    ['and not an hour earlier', { now: '2026-10-26T07:59:00Z' }, 'outside-preferred'],
    ['Sydney after its autumn change in April', { window: sydney, now: '2026-04-05T23:00:00Z' }, 'open'],
    ['and before it', { window: sydney, now: '2026-03-31T22:00:00Z' }, 'open'],
    // 01:00-04:00 lasts two hours when the clock skips one, and four when one comes twice.
    [
      'the night of the spring change: two hours fit',
      { window: nightly, now: '2026-03-29T00:00:00Z', needs: 120 },
      'open',
    ],
    ['and no more', { window: nightly, now: '2026-03-29T00:00:00Z', needs: 121 }, 'outside-preferred'],
    [
      'the night of the autumn change: four hours fit',
      { window: nightly, now: '2026-10-24T23:00:00Z', needs: 240 },
      'open',
    ],
    ['and no more', { window: nightly, now: '2026-10-24T23:00:00Z', needs: 241 }, 'outside-preferred'],
    ['the second 02:30 of that night', { window: nightly, now: '2026-10-25T01:30:00Z', needs: 30 }, 'open'],
    [
      'the southern autumn: four hours fit',
      { window: sydneyNights, now: '2026-04-04T14:00:00Z', needs: 240 },
      'open',
    ],
    [
      'the southern spring: two hours fit',
      { window: sydneyNights, now: '2026-10-03T15:00:00Z', needs: 120 },
      'open',
    ],
    ['and no more', { window: sydneyNights, now: '2026-10-03T15:00:00Z', needs: 121 }, 'outside-preferred'],
  ])('%s', (_, given, verdict) => {
    expect(decide(given).verdict).toBe(verdict)
  })
})

describe('hours that the clock skips', () => {
  const inTheGap = windowOf('{ time-zone: Europe/Berlin, hours: "Sun 02:00-03:00", avoid: [] }')

  it('do not exist on that day', () => {
    const decision = decide({ window: inTheGap, now: '2026-03-29T01:00:00Z', needs: 0 })
    expect(decision.verdict).toBe('outside-preferred')
    expect(decision.nextOpen?.toISOString()).toBe('2026-04-05T00:00:00.000Z')
  })

  it('do not block when the calendar skips the whole day', () => {
    // Samoa had no 30 December 2011.
    const window = windowOf(
      '{ time-zone: Pacific/Apia, hours: "Mon-Sun 00:00-24:00", avoid: [], freezes: [{ from: 2011-12-30 }] }',
    )
    expect(decide({ window, now: '2011-12-30T09:00:00Z', needs: 120 }).verdict).toBe('open')
  })

  it('last until the second end when the hour comes twice and is avoided', () => {
    const window = windowOf(
      '{ time-zone: America/Havana, hours: "Mon-Sun 00:00-24:00", freezes: [{ from: 2026-10-31 }] }',
    )
    // Havana's midnight comes twice on 1 November: 04:00 and 05:00 UTC.
    expect(decide({ window, now: '2026-11-01T04:30:00Z', needs: 0 }).verdict).toBe('avoided')
    expect(decide({ window, now: '2026-11-01T05:00:00Z', needs: 0 }).verdict).toBe('open')
  })
})

describe('closesAt and nextOpen', () => {
  it('say when the open time ends: at the end of the hours or where an avoided time begins', () => {
    expect(decide({ now: '2026-11-24T09:00:00Z' }).closesAt?.toISOString()).toBe('2026-11-24T16:00:00.000Z')
    const long = windowOf('{ time-zone: Europe/Berlin, hours: "Mon-Fri 09:00-17:00" }')
    expect(decide({ window: long, now: '2026-11-27T09:00:00Z' }).closesAt?.toISOString()).toBe(
      '2026-11-27T11:00:00.000Z',
    )
  })

  it('are absent where there is nothing to say', () => {
    expect(decide({ now: '2026-11-24T09:00:00Z' })).not.toHaveProperty('nextOpen')
    expect(decide({ now: '2026-11-28T09:00:00Z' })).not.toHaveProperty('closesAt')
    // Longer than any day's hours.
    expect(decide({ now: '2026-11-24T09:00:00Z', needs: 9 * 60 })).not.toHaveProperty('nextOpen')
  })

  it('take the end of the hours as outside, and hours that just suffice as enough', () => {
    const end = decide({ now: '2026-11-24T16:00:00Z', needs: 0 })
    expect(end.reason).toMatch(
      /^Tuesday 24 Nov 2026, 17:00 CET \(Europe\/Berlin\) is outside the preferred hours/,
    )
    expect(end).not.toHaveProperty('closesAt')
    expect(decide({ now: '2026-11-24T18:00:00Z', needs: 8 * 60 }).nextOpen?.toISOString()).toBe(
      '2026-11-25T08:00:00.000Z',
    )
  })

  it('know of hours that do not end, and of those that end far ahead', () => {
    const unlimited = decide({ window: always, now: '2026-11-24T09:00:00Z', holidays: [] })
    expect(unlimited.reason).toBe(
      'Tuesday 24 Nov 2026, 10:00 CET (Europe/Berlin) is inside the preferred hours, which do not end; rollout and watch need 1 h 10 min, until 11:10 CET.',
    )
    expect(unlimited).not.toHaveProperty('closesAt')
    const until = windowOf('{ hours: "Mon-Sun 00:00-24:00", avoid: [], freezes: [{ from: 2027-03-01 }] }')
    expect(decide({ window: until, now: '2026-11-24T09:00:00Z', holidays: [] }).closesAt?.toISOString()).toBe(
      '2027-03-01T00:00:00.000Z',
    )
  })

  it('look beyond freezes, near and far', () => {
    expect(decide({ window: frozen, now: '2026-12-22T10:00:00Z' }).nextOpen?.toISOString()).toBe(
      '2027-01-04T09:00:00.000Z',
    )
    const long = windowOf('{ freezes: [{ from: 2026-11-01, to: 2027-03-01 }] }')
    expect(decide({ window: long, now: '2026-11-24T10:00:00Z' }).nextOpen?.toISOString()).toBe(
      '2027-03-02T09:00:00.000Z',
    )
    const endless = windowOf('{ freezes: [{ from: 2026-11-01, to: 2030-01-01 }] }')
    expect(decide({ window: endless, now: '2026-11-24T10:00:00Z' })).not.toHaveProperty('nextOpen')
  })
})

describe('for any window and time', () => {
  const zones = [
    'UTC',
    'Europe/Berlin',
    'America/New_York',
    'Asia/Kolkata',
    'Australia/Lord_Howe',
    'America/Havana',
    'Pacific/Chatham',
  ]
  const hours = [
    'Mon-Thu 09:00-17:00, Fri 09:00-12:00',
    'Mon-Sun 00:00-24:00',
    'Sat-Sun 00:30-04:00',
    'Mon-Fri 22:00-24:00, Tue-Sat 00:00-02:30',
    'Wed 02:00-03:00',
  ]
  const avoid = fc.subarray<Avoided>(['friday-afternoon', 'weekend', 'holiday', 'day-before-holiday'])
  const date = fc.integer({ min: 0, max: 700 }).map((days) => addDays('2026-01-01', days))
  const window = fc
    .record({
      zone: fc.constantFrom(...zones),
      hours: fc.constantFrom(...hours),
      avoid,
      freeze: date,
      days: fc.nat(5),
    })
    .map(({ zone, hours: text, avoid: names, freeze, days }) =>
      windowSchema.parse({
        'time-zone': zone,
        hours: text,
        avoid: names,
        freezes: [{ from: freeze, to: addDays(freeze, days) }],
      }),
    )
  const holidays = fc.array(
    date.map((day) => ({ date: day, name: 'a day' })),
    { maxLength: 40 },
  )
  const now = fc
    .integer({ min: Date.UTC(2026, 0, 1) / 1000, max: Date.UTC(2027, 11, 1) / 1000 })
    .map((seconds) => new Date(seconds * 1000))
  const needsMs = fc.integer({ min: 0, max: 180 }).map((minutes) => minutes * MINUTE)
  const question = fc.record({ now, needsMs, holidays, rule: fc.constant('preferred' as const) })

  it('the next open time is open, later than now, and nothing before it is', () => {
    fc.assert(
      fc.property(window, question, fc.double({ min: 0, max: 1, noNaN: true }), (any, asked, between) => {
        const { verdict, nextOpen } = decideWindow(any, asked)
        if (verdict === 'open') {
          expect(nextOpen).toBeUndefined()
          return
        }
        if (nextOpen === undefined) return
        expect(nextOpen.getTime()).toBeGreaterThan(asked.now.getTime() - MINUTE)
        expect(decideWindow(any, { ...asked, now: nextOpen }).verdict).toBe('open')
        const gap = nextOpen.getTime() - MINUTE - asked.now.getTime()
        const earlier = new Date(asked.now.getTime() + Math.max(0, gap) * between)
        if (earlier.getTime() < nextOpen.getTime() - MINUTE) {
          expect(decideWindow(any, { ...asked, now: earlier }).verdict).not.toBe('open')
        }
      }),
      { numRuns: 150 },
    )
  })

  it('the decision is the same for a whole minute', () => {
    fc.assert(
      fc.property(window, question, fc.integer({ min: 0, max: 59_999 }), (any, asked, rest) => {
        const minute = Math.floor(asked.now.getTime() / MINUTE) * MINUTE
        const first = decideWindow(any, { ...asked, now: new Date(minute) })
        expect(decideWindow(any, { ...asked, now: new Date(minute + rest) })).toEqual(first)
      }),
      { numRuns: 60 },
    )
  })

  it('what is open stays open for less, until it closes', () => {
    fc.assert(
      fc.property(window, question, fc.double({ min: 0, max: 1, noNaN: true }), (any, asked, part) => {
        const { verdict, closesAt } = decideWindow(any, asked)
        if (verdict !== 'open' || closesAt === undefined) return
        expect(decideWindow(any, { ...asked, needsMs: asked.needsMs * part }).verdict).toBe('open')
        expect(decideWindow(any, { ...asked, now: closesAt, needsMs: 0 }).verdict).not.toBe('open')
        const start = Math.floor(asked.now.getTime() / MINUTE) * MINUTE
        const last = decideWindow(any, { ...asked, needsMs: closesAt.getTime() - start })
        const over = decideWindow(any, { ...asked, needsMs: closesAt.getTime() - start + 1 })
        expect([last.verdict, over.verdict === 'open']).toEqual(['open', false])
      }),
      { numRuns: 100 },
    )
  })

  it('a class that may ship at any time is always told so, with the same times', () => {
    fc.assert(
      fc.property(window, question, (any, asked) => {
        const strict = decideWindow(any, asked)
        const free = decideWindow(any, { ...asked, rule: 'any' })
        expect(free).toEqual({ ...strict, verdict: 'open', reason: expect.stringContaining(strict.reason) })
      }),
      { numRuns: 60 },
    )
  })
})
