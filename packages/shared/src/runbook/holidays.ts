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
