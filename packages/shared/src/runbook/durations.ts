const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/**
 * The longest duration that is accepted. A timer of Node overflows after 24.8 days and then fires at once,
 * so a typing mistake must not get near it.
 */
export const LONGEST_DURATION_MS = 14 * DAY_MS

/** What a duration looks like, for the schema: days, hours, minutes and seconds, in this order, each at most once. */
export const DURATION_PATTERN = /^(?=\d)(?:(\d{1,7})d)?(?:(\d{1,7})h)?(?:(\d{1,7})m)?(?:(\d{1,7})s)?$/

/** What is valid, for messages. */
export const DURATION_EXPECTED = 'a duration such as 30s, 15m, 1h or 1h30m, at most 14d'

/** Reads `30s`, `15m`, `1h`, `1h30m`, `7d` as milliseconds; `undefined` when the text is no duration or above the longest. */
export function parseDuration(text: string): number | undefined {
  const match = DURATION_PATTERN.exec(text)
  if (match === null) return undefined
  const amount = (group: number) => Number(match[group] ?? 0)
  const ms = amount(1) * DAY_MS + amount(2) * HOUR_MS + amount(3) * MINUTE_MS + amount(4) * SECOND_MS
  return ms <= LONGEST_DURATION_MS ? ms : undefined
}

const SPOKEN = { d: 'd', h: 'h', m: 'min', s: 's' } as const
const UNITS = ['d', 'h', 'm', 's'] as const

/**
 * Writes milliseconds for a reader: the leading unit and the next one below it, `2 min 41 s`, `1 h 30 min`, `850 ms`,
 * `0 s`; `–` where there is no number.
 */
export function humanDuration(ms: number): string {
  if (!Number.isFinite(ms)) return '–'
  if (ms < 0) return `−${humanDuration(-ms)}`
  if (ms > 0 && ms < SECOND_MS) return `${Math.round(ms)} ms`
  const [first, second] = split(ms)
  if (first === undefined) return '0 s'
  const leading = `${first.amount} ${SPOKEN[first.unit]}`
  const adjacent = second !== undefined && UNITS.indexOf(second.unit) === UNITS.indexOf(first.unit) + 1
  return adjacent ? `${leading} ${second.amount} ${SPOKEN[second.unit]}` : leading
}

type Unit = keyof typeof SPOKEN

function split(ms: number): { amount: number; unit: Unit }[] {
  const seconds = Math.round(ms / SECOND_MS)
  const parts: { amount: number; unit: Unit }[] = [
    { amount: Math.floor(seconds / 86_400), unit: 'd' },
    { amount: Math.floor(seconds / 3_600) % 24, unit: 'h' },
    { amount: Math.floor(seconds / 60) % 60, unit: 'm' },
    { amount: seconds % 60, unit: 's' },
  ]
  return parts.filter(({ amount }) => amount > 0)
}
