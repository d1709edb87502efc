import { humanDuration } from './durations.ts'
import type { HolidayDate } from './holidays.ts'
import { addDays } from './iso-date.ts'
import type { Window } from './schema.ts'
import { dayAndTime, fullTime, timeOfDay } from './spoken-time.ts'
import { localTime } from './time-zone.ts'
import { openSpans, type WindowTimes, windowTimes } from './window-times.ts'

const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS
/** How far ahead the next open time is looked for, in days: near first, since it nearly always is. */
const HORIZONS_DAYS = [10, 60, 400]

/** `open`: go. `outside-preferred`: warn. `avoided`: block. */
export type WindowVerdict = 'open' | 'outside-preferred' | 'avoided'

export interface WindowQuestion {
  now: Date
  /** How long rollout and watch take, in milliseconds: the window must stay open that long. */
  needsMs: number
  /** The rule of the change class: `any` may ship at any time. */
  rule: 'preferred' | 'any'
  /** The holidays of this year and the next, see `holidaysFor`. */
  holidays: readonly HolidayDate[]
}

export interface WindowDecision {
  verdict: WindowVerdict
  /** One sentence, with local time and zone. */
  reason: string
  /** When the time that is open now ends. */
  closesAt?: Date
  /** When a deployment of this length can begin, if it cannot now; absent when there is no such time within 400 days. */
  nextOpen?: Date
}

/**
 * Whether a deployment may begin now. Outside the preferred hours, or when they end before rollout and watch do, it
 * warns; in an avoided time, or when it would reach into one, it blocks. Seconds do not count: the decision is the
 * same for a whole minute, the one that its sentence names.
 */
export function decideWindow(window: Window, question: WindowQuestion): WindowDecision {
  const now = Math.floor(question.now.getTime() / MINUTE_MS) * MINUTE_MS
  const decision = judge(window, { ...question, now: new Date(now) })
  if (question.rule !== 'any' || decision.verdict === 'open') return decision
  return {
    ...decision,
    verdict: 'open',
    reason: `This class of change may ship at any time. ${decision.reason}`,
  }
}

function judge(window: Window, { now: instant, needsMs, holidays }: WindowQuestion): WindowDecision {
  const zone = window.timeZone
  const now = instant.getTime()
  // Even a deployment that needs no time takes place at some moment.
  const done = now + Math.max(needsMs, 1)
  const today = localTime(instant, zone).date
  const times = windowTimes(window, holidays, addDays(today, -1), Math.ceil(needsMs / DAY_MS) + 4)
  const here = `${fullTime(instant, zone)} (${zone})`
  const needs = `rollout and watch need ${humanDuration(needsMs)}, until ${timeOrDay(now, done, zone)}`

  const blocked = firstAvoided(times, now, done)
  const open = openSpans(times).find(({ start, end }) => start <= now && now < end)
  const closesAt = open === undefined ? {} : { closesAt: new Date(open.end) }
  if (open !== undefined && done <= open.end) {
    const reason = `${here} is inside the preferred hours; they last until ${timeOrDay(now, open.end, zone)}, and ${needs}.`
    return { verdict: 'open', reason, ...closesAt }
  }

  const nextOpen = findNextOpen(window, holidays, now, needsMs)
  const next = nextOpen === undefined ? '' : ` The next time to begin is ${dayAndTime(nextOpen, zone)}.`
  const rest = { ...closesAt, ...(nextOpen === undefined ? {} : { nextOpen }) }
  if (blocked !== undefined) {
    const reason =
      blocked.start <= now
        ? `${here} falls into ${blocked.name}, which the runbook avoids.${next}`
        : `At ${here}, ${needs}, and reach into ${blocked.name} (from ${timeOrDay(now, blocked.start, zone)}), which the runbook avoids.${next}`
    return { verdict: 'avoided', reason, ...rest }
  }
  const current = times.preferred.find(({ start, end }) => start <= now && now < end)
  const holiday = holidays.find(({ date }) => date === today)
  const outside = holiday === undefined ? '' : `; today is a holiday (${holiday.name})`
  const reason =
    current === undefined
      ? `${here} is outside the preferred hours (${window.hours.text})${outside}.${next}`
      : `${here} is inside the preferred hours, but ${needs}, and the hours end at ${timeOrDay(now, current.end, zone)}.${next}`
  return { verdict: 'outside-preferred', reason, ...rest }
}

function firstAvoided({ avoided }: WindowTimes, start: number, end: number) {
  return avoided
    .filter((span) => span.start < end && span.end > start)
    .toSorted((a, b) => a.start - b.start)
    .at(0)
}

/** The first instant after `now` from which a deployment of this length stays in open time. */
function findNextOpen(
  window: Window,
  holidays: readonly HolidayDate[],
  now: number,
  needsMs: number,
): Date | undefined {
  const today = localTime(new Date(now), window.timeZone).date
  for (const days of HORIZONS_DAYS) {
    const spans = openSpans(windowTimes(window, holidays, addDays(today, -1), days))
    const fitting = spans.find(({ start, end }) => Math.max(start, now) + Math.max(needsMs, 1) <= end)
    if (fitting !== undefined) return new Date(Math.max(fitting.start, now))
  }
  return undefined
}

/** The time alone when it is near, with the day otherwise. */
function timeOrDay(now: number, instant: number, zone: string): string {
  const sameDay = localTime(new Date(now), zone).date === localTime(new Date(instant), zone).date
  return sameDay ? timeOfDay(new Date(instant), zone) : dayAndTime(new Date(instant), zone)
}
