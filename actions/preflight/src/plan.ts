import type { PhaseResult } from '@runbook-actions/shared/action/phase.ts'
import { scaledComponents } from '@runbook-actions/shared/cluster/autoscaler.ts'
import type { Cluster } from '@runbook-actions/shared/cluster/cluster.ts'
import { planDeployment, type DeploymentRequest } from '@runbook-actions/shared/cluster/plan-deployment.ts'
import type { Clock } from '@runbook-actions/shared/ports.ts'
import { beginPhase } from '@runbook-actions/shared/record/phase-timer.ts'
import type { RecordStore } from '@runbook-actions/shared/record/store.ts'
import { withRedeployReason } from '@runbook-actions/shared/record/override.ts'
import type { BadRelease } from '@runbook-actions/shared/record/release.ts'
import { comingHolidays, type HolidayCalendar } from '@runbook-actions/shared/runbook/holidays.ts'
import type { Runbook } from '@runbook-actions/shared/runbook/schema.ts'
import { utcMinute } from '@runbook-actions/shared/runbook/spoken-time.ts'
import { planSummary } from './plan-summary.ts'

export interface PlanPorts {
  readonly cluster: Cluster
  readonly store: RecordStore
  /** The calendar is large: it is loaded only where the runbook names a region. */
  readonly calendar: () => Promise<HolidayCalendar>
  readonly clock: Clock
  readonly signal: AbortSignal
}

export interface PlanRequest extends DeploymentRequest {
  /** Why a version is deployed that was rolled back before. */
  readonly redeployReason?: string | undefined
}

/**
 * Decides what the deployment is and opens its record. It reads and changes nothing. A version that was rolled back is
 * planned again only where a person says why.
 *
 * @throws UserError where the request cannot be planned, or the calendar does not know the region of the holidays
 */
export async function plan(runbook: Runbook, request: PlanRequest, ports: PlanPorts): Promise<PhaseResult> {
  const { cluster, store, calendar, clock, signal } = ports
  const phase = beginPhase('plan', clock)
  const names = runbook.components.map(({ deployment }) => deployment)
  const { window } = runbook
  // First, because a region that does not exist is a mistake of the file.
  const holidays =
    window.holidays === undefined ? undefined : comingHolidays(window, clock.now(), await calendar())
  const [memory, states] = await Promise.all([store.load(signal), scaledComponents(cluster, names, signal)])
  const planned = planDeployment(runbook, request, memory, states, clock.now())
  const { bad } = await store.history(signal)
  const mark = bad.find((each) => each.version === planned.record.version)
  const opened = { ...planned.record, ...(holidays !== undefined && { holidays }) }
  const record =
    mark === undefined ? opened : withRedeployReason(opened, request.redeployReason, request.run.actor, clock)
  const { version, environment, class: changeClass, strategy } = record
  const summary = planSummary(planned, runbook.changes[planned.decided.class].risk)

  const blocked = (reason: string, next: string): PhaseResult => ({
    outcome: 'blocked',
    reason,
    next,
    record: phase.end(record, { outcome: 'blocked', reason }),
    summary,
  })
  if (mark !== undefined && request.redeployReason === undefined) {
    return blocked(
      rolledBackBefore(mark, environment),
      'Deploy a new version with the cause mended; or say by "redeploy-reason" why this one is good now.',
    )
  }
  if (strategy === 'canary') {
    return blocked(
      `A ${changeClass} change goes to ${environment} by a canary, which this version of the suite cannot do yet.`,
      `Set "changes.${changeClass}.strategy: rolling" in the runbook file if a rolling update is acceptable.`,
    )
  }
  const reason = `${version} is a ${changeClass} change of ${environment}.`
  return {
    outcome: 'passed',
    reason,
    record: phase.end(record, { outcome: 'passed', reason }),
    summary,
  }
}

function rolledBackBefore({ version, reason, by, at }: BadRelease, environment: string): string {
  return `${version} was rolled back from ${environment} at ${utcMinute(new Date(at))} by ${by}: ${reason}.`
}
