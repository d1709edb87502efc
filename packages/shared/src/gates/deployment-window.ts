import type { DeploymentRecord } from '../record/schema.ts'
import { parseClass, requirementsFor } from '../runbook/classes.ts'
import type { HolidayDate } from '../runbook/holidays.ts'
import { addDays } from '../runbook/iso-date.ts'
import type { Runbook } from '../runbook/schema.ts'
import { localTime } from '../runbook/time-zone.ts'
import { decideWindow } from '../runbook/window.ts'
import type { Answer, Gate } from './gate.ts'

/** A deployment that goes wrong needs people who are there: not on Friday afternoon, not before a holiday. */
export const deploymentWindow: Gate<'clock'> = {
  name: 'deployment-window',
  question: 'Confirm deployment window',
  occasions: ['preflight', 're-check'],
  measure: ({ runbook, record, clock }) =>
    answer(runbook, record, clock.now(), runbook.rollout.deadline + watchMs(runbook, record)),
}

/**
 * The same question once a component has been written: whether the watch still ends in time. It only warns, because
 * stopping there would leave two versions running (docs/decisions/0007-window-during-a-rollout.md).
 */
export const windowStillOpen: Gate<'clock'> = {
  ...deploymentWindow,
  question: 'The deployment window is still open',
  occasions: [],
  mode: () => 'warn',
  measure: ({ runbook, record, clock }) => answer(runbook, record, clock.now(), watchMs(runbook, record)),
}

function needsOf(runbook: Runbook, record: DeploymentRecord) {
  return requirementsFor(runbook, parseClass(record.class, 'the record'), record.environment)
}

function watchMs(runbook: Runbook, record: DeploymentRecord): number {
  return needsOf(runbook, record).importantMs
}

/** What a person has decided, with a reason, is a warning: also where it could not be told what day it is. */
function answer(runbook: Runbook, record: DeploymentRecord, now: Date, needsMs: number): Answer {
  const found = judge(runbook, record, now, needsMs)
  const override = record.overrides.findLast(({ gate }) => gate === deploymentWindow.name)
  if (override === undefined || found.verdict === 'pass' || found.verdict === 'warn') return found
  return { verdict: 'warn', answer: `${found.answer} Overridden by ${override.by}: ${override.reason}` }
}

function judge(runbook: Runbook, record: DeploymentRecord, now: Date, needsMs: number): Answer {
  const { window: rule } = needsOf(runbook, record)
  const done = localTime(new Date(now.getTime() + needsMs), runbook.window.timeZone).date
  const known = holidaysOf(runbook, record, addDays(done, 1))
  // What may ship at any time needs no calendar.
  if (typeof known === 'string' && rule !== 'any') return { verdict: 'unknown', answer: known }
  const holidays = typeof known === 'string' ? [] : known
  const { verdict, reason } = decideWindow(runbook.window, { now, needsMs, rule, holidays })
  return { verdict: verdictOf[verdict], answer: reason }
}

const verdictOf = { open: 'pass', 'outside-preferred': 'warn', avoided: 'fail' } as const

/** The public holidays that the plan put into the record; a sentence where they do not tell of every day until `last`. */
function holidaysOf(
  { window: { holidays: region } }: Runbook,
  { holidays: known }: DeploymentRecord,
  last: string,
): readonly HolidayDate[] | string {
  if (region === undefined) return []
  const remedy = 'Plan the deployment anew: the preflight action in mode plan looks them up.'
  if (known === undefined) return `The record does not say which days are holidays in ${region}. ${remedy}`
  if (known.region !== region)
    return `The record has the holidays of ${known.region}, the runbook file asks for those of ${region}. ${remedy}`
  if (last > known.until)
    return `The record has the holidays of ${region} until ${known.until} only. ${remedy}`
  return known.dates
}
