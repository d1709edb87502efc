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
 * The holidays that a decision about the window can need: of the year of `now` and the next one, with the days off
 * that the runbook lists itself. Without `holidays` in the runbook the calendar is not asked.
 */
export function holidaysFor(
  window: Pick<Window, 'holidays' | 'timeZone' | 'daysOff'>,
  now: Date,
  calendar: HolidayCalendar,
): HolidayDate[] {
  const { holidays: region, daysOff } = window
  if (region === undefined) return [...daysOff]
  const year = Number(localTime(now, window.timeZone).date.slice(0, 4))
  return [...calendar.holidaysOf(region, year), ...calendar.holidaysOf(region, year + 1), ...daysOff]
}
