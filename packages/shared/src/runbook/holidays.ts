import { addDays } from './iso-date.ts'
import type { Window } from './schema.ts'
import { localTime } from './time-zone.ts'

/** A public holiday, or another day off. */
export interface HolidayDate {
  /** `2026-12-25`, in the calendar of the place. */
  date: string
  name: string
}

/** A calendar of public holidays, as a port: the data is not ours. */
export interface HolidayCalendar {
  /** The public holidays of a region (`DE`, `DE-BE`) in a year; throws when it does not know the region. */
  holidaysOf(region: string, year: number): HolidayDate[]
}

/** The holidays of the coming days, as the plan found them: later phases decide about the window without a calendar. */
export interface KnownHolidays {
  region: string
  /** The last day of which they are known: `2027-07-11`. */
  until: string
  dates: HolidayDate[]
}

/** As far as a decision about the window looks (200 days), with two weeks to wait for it and two to deploy in. */
const comingDays = 228

/** The public holidays from yesterday on, in the calendar of the place; undefined where the runbook names no region. */
export function comingHolidays(
  window: Pick<Window, 'holidays' | 'timeZone'>,
  now: Date,
  calendar: HolidayCalendar,
): KnownHolidays | undefined {
  const region = window.holidays
  if (region === undefined) return undefined
  const today = localTime(now, window.timeZone).date
  const [from, until] = [addDays(today, -1), addDays(today, comingDays)]
  const dates = holidaysFor(window, now, calendar).filter(({ date }) => from <= date && date <= until)
  return { region, until, dates }
}

/**
 * The public holidays that a decision about the window can need: those of the year of `now` and of the next one.
 * Without `holidays` in the runbook there are none, and the calendar is not asked.
 */
export function holidaysFor(
  window: Pick<Window, 'holidays' | 'timeZone'>,
  now: Date,
  calendar: HolidayCalendar,
): HolidayDate[] {
  const region = window.holidays
  if (region === undefined) return []
  const year = Number(localTime(now, window.timeZone).date.slice(0, 4))
  return [...calendar.holidaysOf(region, year), ...calendar.holidaysOf(region, year + 1)]
}
