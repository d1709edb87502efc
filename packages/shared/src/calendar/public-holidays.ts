import Holidays from 'date-holidays'
import { UserError } from '../errors.ts'
import type { HolidayCalendar, HolidayDate } from '../runbook/holidays.ts'
import { addDays } from '../runbook/iso-date.ts'
import { didYouMean } from '../runbook/suggest.ts'

const DAY_MS = 24 * 60 * 60_000
const KEY = 'window.holidays'

/**
 * The world's calendars, by the library date-holidays: one and a half megabytes of data, so import this file only
 * lazily.
 *
 * A day counts where it is a public holiday, or where the banks are closed from midnight to midnight: Midsummer Eve in
 * Sweden is a day off, Christmas Eve in Germany, when they close at 14:00, is not. Names are English where the calendar has
 * them.
 */
export const publicHolidays: HolidayCalendar = {
  holidaysOf(region, year) {
    const calendar = calendarOf(region)
    // A substitute may fall into the year before (New Year on a Saturday) or after.
    const found = [year - 1, year, year + 1].flatMap((asked) => calendar.getHolidays(asked, 'en'))
    const names = new Map<string, string>()
    for (const { date, start, end, type, name } of found) {
      if (type !== 'public' && !(type === 'bank' && date.slice(11, 16) === '00:00')) continue
      // Half a day is a day here, and where the clock changes a day has 23 or 25 hours.
      const days = Math.max(1, Math.round((end.getTime() - start.getTime()) / DAY_MS))
      for (let day = 0; day < days; day++) {
        const each = addDays(date.slice(0, 10), day)
        if (each.startsWith(`${year}-`) && !names.has(each)) names.set(each, name)
      }
    }
    return [...names].map(([date, name]): HolidayDate => ({ date, name })).toSorted(byDate)
  },
}

function byDate(a: HolidayDate, b: HolidayDate): number {
  return a.date < b.date ? -1 : 1
}

/** The library takes a region that it does not know for the whole country: so each part is looked up first. */
function calendarOf(region: string): Holidays {
  const [country = '', state, district] = region.split('-')
  const library = new Holidays()
  const countries = Object.keys(library.getCountries())
  if (!countries.includes(country)) throw unknown(region, country, countries, 'countries')
  if (state === undefined) return new Holidays(country)
  const states = namesOf(library.getStates(country))
  if (!states.includes(state)) throw unknown(region, state, states, `regions of ${country}`, `${country}-`)
  if (district === undefined) return new Holidays(country, state)
  const districts = namesOf(library.getRegions(country, state))
  if (!districts.includes(district))
    throw unknown(region, district, districts, `regions of ${country}-${state}`, `${country}-${state}-`)
  return new Holidays(country, state, district)
}

/** The library's types do not say that there may be none. */
function namesOf(parts: Record<string, string> | undefined): string[] {
  return Object.keys(parts ?? {})
}

function unknown(
  region: string,
  part: string,
  known: readonly string[],
  what: string,
  prefix = '',
): UserError {
  const suggestion = didYouMean(part, known).replace(/"(.*)"/, `"${prefix}$1"`)
  const valid =
    known.length === 0
      ? `The calendar has no ${what}: write ${prefix.slice(0, -1)}.`
      : `The calendar knows these ${what}: ${known.toSorted().join(', ')}. Other days go into "window.days-off".`
  return new UserError(`"${KEY}: ${region}" is no region of the calendar${suggestion}`, valid)
}
