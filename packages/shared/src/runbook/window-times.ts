import type { HolidayDate } from './holidays.ts'
import { addDays, weekdayOf } from './iso-date.ts'
import type { Window } from './schema.ts'
import { instantAt } from './time-zone.ts'

/** A stretch of time, the end excluded. Milliseconds since the epoch. */
export interface Span {
  start: number
  end: number
}

/** A time at which deployments are blocked, and what it is called: `Friday afternoon`. */
export interface AvoidedSpan extends Span {
  name: string
}

const DAY_MINUTES = 24 * 60
/** Friday afternoon begins at noon. */
const AFTERNOON_MINUTE = 12 * 60

/** The preferred hours and the avoided times of some days, in their order. Neighbouring preferred hours are one span. */
export interface WindowTimes {
  preferred: Span[]
  avoided: AvoidedSpan[]
}

/** The times of the window on `days` days from `from` on. A holiday has no preferred hours. */
export function windowTimes(
  window: Window,
  holidays: readonly HolidayDate[],
  from: string,
  days: number,
): WindowTimes {
  const named = new Map(holidays.map(({ date, name }) => [date, name]))
  const times: WindowTimes = { preferred: [], avoided: [] }
  for (let index = 0; index < days; index++) {
    const date = addDays(from, index)
    if (!named.has(date)) times.preferred.push(...preferredOn(window, date))
    times.avoided.push(...avoidedOn(window, named, date))
  }
  return { preferred: joined(times.preferred), avoided: times.avoided }
}

function preferredOn({ hours, timeZone }: Window, date: string): Span[] {
  const weekday = weekdayOf(date)
  return hours.ranges
    .filter((range) => range.weekday === weekday)
    .map(({ startMinute, endMinute }) => ({
      start: instantAt(date, startMinute, timeZone, 'first').getTime(),
      // Where the clock comes back to the closing time, the first one counts: the careful side.
      end: instantAt(date, endMinute, timeZone, 'first').getTime(),
    }))
    .toSorted((a, b) => a.start - b.start)
}

function avoidedOn(window: Window, holidays: ReadonlyMap<string, string>, date: string): AvoidedSpan[] {
  const { avoid, freezes, timeZone } = window
  const weekday = weekdayOf(date)
  const spans: AvoidedSpan[] = []
  const block = (name: string, startMinute = 0) => {
    const start = instantAt(date, startMinute, timeZone, 'first').getTime()
    const end = instantAt(date, DAY_MINUTES, timeZone, 'last').getTime()
    // A day that the calendar of the place skips is empty.
    if (start < end) spans.push({ start, end, name })
  }
  for (const { from, to, reason } of freezes) {
    if (from <= date && date <= to) block(reason === undefined ? 'a freeze' : `the freeze for ${reason}`)
  }
  const today = holidays.get(date)
  if (avoid.includes('holiday') && today !== undefined) block(`a holiday (${today})`)
  const tomorrow = holidays.get(addDays(date, 1))
  if (avoid.includes('day-before-holiday') && tomorrow !== undefined)
    block(`the day before a holiday (${tomorrow})`)
  if (avoid.includes('weekend') && weekday >= 6) block('the weekend')
  if (avoid.includes('friday-afternoon') && weekday === 5) block('Friday afternoon', AFTERNOON_MINUTE)
  return spans
}

/** What is left of the preferred hours when the avoided times are taken away: the times at which a deployment may run. */
export function openSpans({ preferred, avoided }: WindowTimes): Span[] {
  return avoided.reduce<Span[]>(
    (open, { start, end }) =>
      open.flatMap((span) => {
        if (end <= span.start || span.end <= start) return [span]
        const parts = [
          { start: span.start, end: start },
          { start: end, end: span.end },
        ]
        return parts.filter((part) => part.start < part.end)
      }),
    preferred,
  )
}

function joined(spans: readonly Span[]): Span[] {
  const result: Span[] = []
  for (const span of spans) {
    const last = result.at(-1)
    if (last !== undefined && last.end >= span.start) last.end = Math.max(last.end, span.end)
    else result.push({ ...span })
  }
  return result
}
