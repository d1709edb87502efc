import { didYouMean } from './suggest.ts'

/** Hours of one weekday, in minutes since local midnight; `endMinute` is exclusive, 1440 is the end of the day. */
export interface HoursRange {
  /** 1 (Monday) to 7 (Sunday). */
  weekday: number
  startMinute: number
  endMinute: number
}

/** What is wrong with hours, and at which character. */
export interface HoursProblem {
  problem: string
  offset: number
}

const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] as const
const EXAMPLE = '"Mon-Thu 09:00-17:00, Fri 09:00-12:00"'

/**
 * Reads hours per weekday, `Mon-Thu 09:00-17:00, Fri 09:00-12:00`: entries separated by commas, each a weekday or a
 * range of them (`Sat-Mon` goes over the end of the week) and one range of times. `24:00` is the end of a day; hours
 * over midnight are two entries.
 */
export function parseWeeklyHours(source: string): { ranges: HoursRange[] } | HoursProblem {
  const ranges: HoursRange[] = []
  let offset = 0
  for (const entry of source.split(',')) {
    const parsed = parseEntry(entry)
    if ('problem' in parsed) return { problem: parsed.problem, offset: offset + parsed.offset }
    for (const range of parsed.ranges) {
      if (ranges.some((other) => overlap(range, other))) {
        const day = WEEKDAYS[range.weekday - 1]
        return {
          problem: `${JSON.stringify(entry.trim())} overlaps other hours of ${day}`,
          offset: offset + indent(entry),
        }
      }
      ranges.push(range)
    }
    offset += entry.length + 1
  }
  return { ranges }
}

function parseEntry(entry: string): { ranges: HoursRange[] } | HoursProblem {
  const start = indent(entry)
  const match = /^\s*([A-Za-z]+)(?:\s*[-–]\s*([A-Za-z]+))?\s+(\S+?)\s*[-–]\s*(\S+)\s*$/.exec(entry)
  if (match === null) {
    const found = entry.trim() === '' ? 'an empty entry' : JSON.stringify(entry.trim())
    return { problem: `found ${found}, expected hours such as ${EXAMPLE}`, offset: start }
  }
  const [, from = '', to = from, opens = '', closes = ''] = match
  for (const day of [from, to]) {
    if (weekdayNumber(day) === 0) {
      return {
        problem: `${JSON.stringify(day)} is no weekday (${WEEKDAYS.join(', ')})${didYouMean(day, WEEKDAYS)}`,
        offset: entry.indexOf(day, start),
      }
    }
  }
  const [startMinute, endMinute] = [minuteOf(opens), minuteOf(closes)]
  for (const [time, minute] of [
    [opens, startMinute],
    [closes, endMinute],
  ] as const) {
    if (minute === undefined) {
      return {
        problem: `${JSON.stringify(time)} is no time from 00:00 to 24:00`,
        offset: entry.lastIndexOf(time),
      }
    }
  }
  if (startMinute === undefined || endMinute === undefined || endMinute <= startMinute) {
    const problem = `${JSON.stringify(`${opens}-${closes}`)} ends before it begins; write hours over midnight as two entries`
    return { problem, offset: entry.indexOf(opens, start + from.length) }
  }
  const days = weekdaysBetween(weekdayNumber(from), weekdayNumber(to))
  return { ranges: days.map((weekday) => ({ weekday, startMinute, endMinute })) }
}

function indent(entry: string): number {
  return entry.length - entry.trimStart().length
}

function weekdayNumber(name: string): number {
  return WEEKDAYS.findIndex((day) => day.toLowerCase() === name.toLowerCase()) + 1
}

function weekdaysBetween(from: number, to: number): number[] {
  const length = ((to - from + 7) % 7) + 1
  return Array.from({ length }, (_, index) => ((from - 1 + index) % 7) + 1)
}

function minuteOf(time: string): number | undefined {
  const match = /^([01]\d|2[0-4]):([0-5]\d)$/.exec(time)
  if (match === null) return undefined
  const minute = Number(match[1]) * 60 + Number(match[2])
  return minute <= 1440 ? minute : undefined
}

function overlap(a: HoursRange, b: HoursRange): boolean {
  return a.weekday === b.weekday && a.startMinute < b.endMinute && b.startMinute < a.endMinute
}
