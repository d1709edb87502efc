/** Numbers and times as people read them in a report. */

/** `5,000`, `0.4`, `12.5`: whole numbers in full, others with at most `decimals` digits. */
export function formatCount(value: number, decimals = 1): string {
  return withSigns(value, { maximumFractionDigits: decimals })
}

/** A share (0.004) as `0.4 %`. Never rounds something to nothing: below 0.1 % it says `< 0.1 %`. */
export function formatPercent(share: number): string {
  if (!Number.isFinite(share)) return '–'
  const size = Math.abs(share)
  if (size > 0 && size < 0.0005) return share > 0 ? '< 0.1 %' : '> −0.1 %'
  return `${withSigns(share * 100, { maximumFractionDigits: 1 })} %`
}

/** A difference of two shares, with its sign: `+2.7 %`. */
export function formatPercentDelta(delta: number): string {
  const text = formatPercent(delta)
  return delta > 0 && Number.isFinite(delta) ? text.replace(/^(?:< )?/u, '$&+') : text
}

const byteUnits = ['bytes', 'kB', 'MB', 'GB'] as const

/** Bytes in decimal units: `1.2 MB`. */
export function formatBytes(bytes: number): string {
  if (!Number.isFinite(bytes)) return '–'
  const power = Math.min(byteUnits.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, bytes)) / 3)))
  return bytes === 1 ? '1 byte' : `${formatCount(bytes / 1000 ** power)} ${byteUnits[power] ?? 'bytes'}`
}

/** `11:31 CET (10:31 UTC)`, for an IANA time zone; with the date before the UTC time where that is another day. */
export function formatTime(date: Date, timeZone: string): string {
  const local = clockTime(date, timeZone)
  const utc = clockTime(date, 'UTC')
  const zone = zoneName(date, timeZone)
  if (zone === 'UTC') return `${utc} UTC`
  const otherDay = day(date, timeZone) === day(date, 'UTC') ? '' : `${day(date, 'UTC')} `
  return `${local} ${zone} (${otherDay}${utc} UTC)`
}

/** A time of less than this is told to the second: else it would begin and end at the same minute. */
const shortSpanMs = 120_000

/** `11:31–11:45 CET (10:31–10:45 UTC)`; `11:31:05–11:31:19 CET (10:31:05–10:31:19 UTC)` where it is short. */
export function formatSpan(from: Date, until: Date, timeZone: string): string {
  const isShort = until.getTime() - from.getTime() < shortSpanMs
  const span = (zone: string): string => [from, until].map((date) => clockTime(date, zone, isShort)).join('–')
  const zone = zoneName(until, timeZone)
  return zone === 'UTC' ? `${span('UTC')} UTC` : `${span(timeZone)} ${zone} (${span('UTC')} UTC)`
}

/** `Tue 4 Mar 2025, 11:31 CET (10:31 UTC)`. */
export function formatDateTime(date: Date, timeZone: string): string {
  return `${day(date, timeZone)}, ${formatTime(date, timeZone)}`
}

function clockTime(date: Date, timeZone: string, withSeconds = false): string {
  return new Intl.DateTimeFormat('en-GB', {
    timeZone,
    hour: '2-digit',
    minute: '2-digit',
    ...(withSeconds && { second: '2-digit' }),
    hourCycle: 'h23',
  }).format(date)
}

function day(date: Date, timeZone: string): string {
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    year: 'numeric',
  })
  return parts.format(date).replace(',', '')
}

/** Each English knows the short names of its own part of the world; the others say `GMT+1`. */
const locales = ['en-US', 'en-GB', 'en-AU', 'en-IN', 'en-ZA'] as const

function zoneName(date: Date, timeZone: string): string {
  const names = locales.map((locale) => {
    const parts = new Intl.DateTimeFormat(locale, { timeZone, timeZoneName: 'short' }).formatToParts(date)
    return parts.find(({ type }) => type === 'timeZoneName')?.value ?? ''
  })
  return names.find((name) => !/^GMT.|^UTC./u.test(name)) ?? names[0] ?? ''
}

function withSigns(value: number, options: Intl.NumberFormatOptions): string {
  if (!Number.isFinite(value)) return '–'
  const rounded = new Intl.NumberFormat('en-US', { ...options, signDisplay: 'negative' }).format(value)
  return rounded.replace('-', '−')
}
