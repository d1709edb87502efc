import { humanDuration } from './durations.ts'
import type { HolidayDate } from './holidays.ts'
import { addDays } from './iso-date.ts'
import type { Window } from './schema.ts'
import { dayAndTime, fullTime, timeOfDay } from './spoken-time.ts'
import { instantAt, localTime } from './time-zone.ts'
import { openSpans, type Span, type WindowTimes, windowTimes } from './window-times.ts'

const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS
/** How many days ahead are looked at: few first, since they nearly always suffice. */
const HORIZONS_DAYS = [10, 60, 200]

/** `open`: go. `outside-preferred`: warn. `avoided`: block. */
export type WindowVerdict = 'open' | 'outside-preferred' | 'avoided'

export interface WindowQuestion {
  now: Date
  /** How long rollout and watch take, in milliseconds: the window must stay open that long. */
  needsMs: number
  /** The rule of the change class: `any` may ship at any time. */
  rule: 'preferred' | 'any'
  /** The public holidays of this year and the next, see `holidaysFor`; the runbook's own days off are added. */
  holidays: readonly HolidayDate[]
}

export interface WindowDecision {
  verdict: WindowVerdict
  /** One sentence, with local time and zone. */
  reason: string
  /** When the time that is open now ends; absent when it does not within 200 days. */
  closesAt?: Date
  /** When a deployment of this length can begin, if it cannot now; absent when there is no such time within 200 days. */
  nextOpen?: Date
}

/**
 * Whether a deployment may begin now. Outside the preferred hours, or when they end before rollout and watch do, it
 * warns; in an avoided time, or when it would reach into one, it blocks. Seconds do not count: the decision is the
 * same for a whole minute, the one that its sentence names.
 */
export function decideWindow(window: Window, question: WindowQuestion): WindowDecision {
  const now = Math.floor(question.now.getTime() / MINUTE_MS) * MINUTE_MS
  const holidays = [...question.holidays, ...window.daysOff]
  const decision = judge(window, { ...question, holidays, now: new Date(now) })
  if (question.rule !== 'any' || decision.verdict === 'open') return decision
  return {
    ...decision,
    verdict: 'open',
    reason: `This class of change may ship at any time. ${decision.reason}`,
  }
}

function judge(window: Window, question: WindowQuestion): WindowDecision {
  const { holidays, needsMs, now: instant } = question
  const zone = window.timeZone
  const now = instant.getTime()
  // Even a deployment that needs no time takes place at some moment.
  const done = now + Math.max(needsMs, 1)
  const today = localTime(instant, zone).date
  const times = windowTimes(window, holidays, addDays(today, -1), Math.ceil(needsMs / DAY_MS) + 4)
  const here = zone === 'UTC' ? fullTime(instant, zone) : `${fullTime(instant, zone)} (${zone})`
  const needs = `rollout and watch need ${humanDuration(needsMs)}, until ${timeOrDay(now, done, zone)}`

  const isOpen = openSpans(times).some((span) => contains(span, now))
  const end = isOpen ? lookAhead(window, question, (open, horizon) => endOf(open, now, horizon)) : undefined
  const closesAt = end === undefined ? {} : { closesAt: new Date(end) }
  if (isOpen && (end === undefined || done <= end)) {
    const until = end === undefined ? 'which do not end' : `which last until ${timeOrDay(now, end, zone)}`
    return {
      verdict: 'open',
      reason: `${here} is inside the preferred hours, ${until}; ${needs}.`,
      ...closesAt,
    }
  }

  const start = lookAhead(window, question, (open) => firstStart(open, now, done - now))
  const next = start === undefined ? '' : ` The next time to begin is ${dayAndTime(new Date(start), zone)}.`
  const rest = { ...closesAt, ...(start === undefined ? {} : { nextOpen: new Date(start) }) }
  const blocked = firstAvoided(times, now, done)
  if (blocked !== undefined) {
    const reason =
      blocked.start <= now
        ? `${here} falls into ${blocked.name}, which the runbook avoids.`
        : `At ${here}, ${needs}, and reach into ${blocked.name} (from ${timeOrDay(now, blocked.start, zone)}), which the runbook avoids.`
    return { verdict: 'avoided', reason: reason + next, ...rest }
  }
  const current = times.preferred.find((span) => contains(span, now))
  const holiday = holidays.find(({ date }) => date === today)
  const outside = holiday === undefined ? '' : `; today is a holiday (${holiday.name})`
  const reason =
    current === undefined
      ? `${here} is outside the preferred hours (${window.hours.text})${outside}.`
      : `${here} is inside the preferred hours, but ${needs}, and the hours end at ${timeOrDay(now, current.end, zone)}.`
  return { verdict: 'outside-preferred', reason: reason + next, ...rest }
}

function contains({ start, end }: Span, instant: number): boolean {
  return start <= instant && instant < end
}

function firstAvoided({ avoided }: WindowTimes, start: number, end: number) {
  return avoided
    .filter((span) => span.start < end && span.end > start)
    .toSorted((a, b) => a.start - b.start)
    .at(0)
}

/**
 * Asks for something in the open times of more and more days, until `find` knows it. `horizon` is where the times
 * that it is shown end.
 */
function lookAhead(
  window: Window,
  { now, needsMs, holidays }: WindowQuestion,
  find: (open: Span[], horizon: number) => number | undefined,
): number | undefined {
  const yesterday = addDays(localTime(now, window.timeZone).date, -1)
  for (const few of HORIZONS_DAYS) {
    const days = few + Math.ceil(needsMs / DAY_MS)
    const horizon = instantAt(addDays(yesterday, days), 0, window.timeZone, 'first').getTime()
    const found = find(openSpans(windowTimes(window, holidays, yesterday, days)), horizon)
    if (found !== undefined) return found
  }
  return undefined
}

/** Where the open time that contains `now` ends; not known when it goes on to the horizon. */
function endOf(open: readonly Span[], now: number, horizon: number): number | undefined {
  const end = open.find((span) => contains(span, now))?.end
  return end !== undefined && end < horizon ? end : undefined
}

/** The first instant from `now` on that is followed by so much open time. */
function firstStart(open: readonly Span[], now: number, lengthMs: number): number | undefined {
  const fitting = open.find(({ start, end }) => Math.max(start, now) + lengthMs <= end)
  return fitting === undefined ? undefined : Math.max(fitting.start, now)
}

/** The time alone when it is near, with the day otherwise. */
function timeOrDay(now: number, instant: number, zone: string): string {
  const sameDay = localTime(new Date(now), zone).date === localTime(new Date(instant), zone).date
  return sameDay ? timeOfDay(new Date(instant), zone) : dayAndTime(new Date(instant), zone)
}
