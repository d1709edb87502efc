const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS

/** Whether the runtime knows the IANA time zone. Fixed offsets such as `+01:00` are refused: they miss summer time. */
export function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}

/** The names of all time zones that the runtime knows. */
export function timeZoneNames(): string[] {
  return Intl.supportedValuesOf('timeZone')
}

/** What clock and calendar show in a place. */
export interface LocalTime {
  /** `2026-12-24` */
  date: string
  /** Whole minutes since midnight by the clock. */
  minute: number
}

/** What clock and calendar show at an instant. */
export function localTime(instant: Date, zone: string): LocalTime {
  const wall = new Date(wallMs(instant.getTime(), zone))
  return { date: wall.toISOString().slice(0, 10), minute: wall.getUTCHours() * 60 + wall.getUTCMinutes() }
}

/**
 * The instant at which the clock shows a time of a day (`minute` 1440 is the end of it).
 * When clocks go back a time comes twice: `which` chooses. When they go forward and skip it: the moment of the change.
 */
export function instantAt(date: string, minute: number, zone: string, which: 'first' | 'last'): Date {
  const wall = Date.parse(`${date}T00:00:00Z`) + minute * MINUTE_MS
  // A day before and after, so that a change of the clock lies between, if there is one.
  const asIfAt = (near: number) => wall - (wallMs(near, zone) - near)
  const [before, after] = [asIfAt(wall - DAY_MS), asIfAt(wall + DAY_MS)]
  if (before === after) return new Date(before)
  const fitting = [before, after].filter((instant) => wallMs(instant, zone) === wall)
  if (fitting.length === 0) return firstReaching(wall, Math.min(before, after), Math.max(before, after), zone)
  return new Date(which === 'first' ? Math.min(...fitting) : Math.max(...fitting))
}

/** The first instant after `before` at which the clock shows `wall` or later; it does at `after`. */
function firstReaching(wall: number, before: number, after: number, zone: string): Date {
  let [low, high] = [before, after]
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (wallMs(middle, zone) >= wall) high = middle
    else low = middle
  }
  return new Date(high)
}

/** The clock's reading at an instant, as if it were UTC. */
function wallMs(instant: number, zone: string): number {
  const part: Partial<Record<Intl.DateTimeFormatPartTypes, number>> = {}
  for (const { type, value } of clock(zone).formatToParts(instant)) part[type] = Number(value)
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part
  return Date.UTC(year, month - 1, day, hour, minute, second) + (((instant % 1000) + 1000) % 1000)
}

const clocks = new Map<string, Intl.DateTimeFormat>()

function clock(zone: string): Intl.DateTimeFormat {
  const known = clocks.get(zone)
  if (known !== undefined) return known
  const made = new Intl.DateTimeFormat('en', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
  clocks.set(zone, made)
  return made
}
