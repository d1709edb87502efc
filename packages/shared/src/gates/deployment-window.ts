import { requirementsFor, parseClass } from '../runbook/classes.ts'
import { decideWindow } from '../runbook/window.ts'
import type { Gate } from './gate.ts'

/** A deployment that goes wrong needs people who are there: not on Friday afternoon, not before a holiday. */
export const deploymentWindow: Gate = {
  name: 'deployment-window',
  question: 'Confirm deployment window',
  occasions: ['preflight', 're-check'],
  measure({ runbook, record, clock }) {
    const needs = requirementsFor(runbook, parseClass(record.class, 'the record'), record.environment)
    if (runbook.window.holidays !== undefined && needs.window !== 'any') {
      return {
        verdict: 'unknown',
        answer: `The calendar of ${runbook.window.holidays} cannot be read yet: name the days in "window.days-off" instead of "window.holidays".`,
      }
    }
    const decision = decideWindow(runbook.window, {
      now: clock.now(),
      needsMs: runbook.rollout.deadline + needs.importantMs,
      rule: needs.window,
      holidays: [],
    })
    if (decision.verdict === 'open') return { verdict: 'pass', answer: decision.reason }
    if (decision.verdict === 'outside-preferred') return { verdict: 'warn', answer: decision.reason }
    const override = record.overrides.findLast(({ gate }) => gate === 'deployment-window')
    if (override === undefined) return { verdict: 'fail', answer: decision.reason }
    return { verdict: 'warn', answer: `${decision.reason} Overridden by ${override.by}: ${override.reason}` }
  },
}
