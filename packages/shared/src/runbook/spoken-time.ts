/** Times as sentences have them, in the time zone of the team. */

/** `Tuesday 24 Nov 2026, 10:00 CET` */
export function fullTime(instant: Date, zone: string): string {
  const { weekday, day, month, year } = parts(instant, zone)
  return `${weekday} ${day} ${month} ${year}, ${timeOfDay(instant, zone)}`
}

/** `Tuesday 24 Nov, 10:00 CET` */
export function dayAndTime(instant: Date, zone: string): string {
  const { weekday, day, month } = parts(instant, zone)
  return `${weekday} ${day} ${month}, ${timeOfDay(instant, zone)}`
}

/** `10:00 CET` */
export function timeOfDay(instant: Date, zone: string): string {
  const { hour, minute, timeZoneName } = parts(instant, zone)
  return `${hour}:${minute} ${timeZoneName}`
}

/** `2026-11-23 10:04 UTC`, where nobody's time zone is known */
export function utcMinute(instant: Date): string {
  return `${instant.toISOString().slice(0, 16).replace('T', ' ')} UTC`
}

/** A time of less than this is told to the second: else it would begin and end at the same minute. */
const shortSpanMs = 120_000

/** `10:41–10:56 CET`; `10:41:05–10:41:19 CET` where it is short. */
export function timeSpan(from: Date, to: Date, zone: string): string {
  const isShort = to.getTime() - from.getTime() < shortSpanMs
  const clock = ({ hour, minute, second }: Record<string, string>): string =>
    [hour, minute, ...(isShort ? [second] : [])].join(':')
  const end = parts(to, zone)
  return `${clock(parts(from, zone))}–${clock(end)} ${end.timeZoneName ?? ''}`
}

function parts(instant: Date, zone: string): Record<string, string> {
  return Object.fromEntries(
    formatOf(zone)
      .formatToParts(instant)
      .map(({ type, value }) => [type, value]),
  )
}

/** Making one costs a hundred times more than using it. */
const formats = new Map<string, Intl.DateTimeFormat>()

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone)
  if (known !== undefined) return known
  // en-GB names European zones (CET) where other English locales write GMT+1.
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    hourCycle: 'h23',
    weekday: 'long',
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    timeZoneName: 'short',
  })
  formats.set(zone, format)
  return format
}
