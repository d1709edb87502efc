import type { PhaseResult } from '@runbook-actions/shared/action/phase.ts'
import type { Cluster } from '@runbook-actions/shared/cluster/cluster.ts'
import { planDeployment, type DeploymentRequest } from '@runbook-actions/shared/cluster/plan-deployment.ts'
import type { Clock } from '@runbook-actions/shared/ports.ts'
import { beginPhase } from '@runbook-actions/shared/record/phase-timer.ts'
import type { RecordStore } from '@runbook-actions/shared/record/store.ts'
import type { Runbook } from '@runbook-actions/shared/runbook/schema.ts'
import { planSummary } from './plan-summary.ts'

export interface PlanPorts {
  readonly cluster: Cluster
  readonly store: RecordStore
  readonly clock: Clock
  readonly signal: AbortSignal
}

/** Decides what the deployment is and opens its record. It reads and changes nothing. */
export async function plan(
  runbook: Runbook,
  request: DeploymentRequest,
  ports: PlanPorts,
): Promise<PhaseResult> {
  const { cluster, store, clock, signal } = ports
  const phase = beginPhase('plan', clock)
  const names = runbook.components.map(({ deployment }) => deployment)
  const [memory, states] = await Promise.all([store.load(signal), cluster.components(names, signal)])
  const planned = planDeployment(runbook, request, memory, states, clock.now())
  const { version, environment, class: changeClass, strategy } = planned.record
  const summary = planSummary(planned, runbook.changes[planned.decided.class].risk)

  if (strategy === 'canary') {
    const reason = `A ${changeClass} change goes to ${environment} by a canary, which this version of the suite cannot do yet.`
    const next = `Set "changes.${changeClass}.strategy: rolling" in the runbook file if a rolling update is acceptable.`
    return {
      outcome: 'blocked',
      reason,
      next,
      record: phase.end(planned.record, { outcome: 'blocked', reason }),
      summary,
    }
  }
  const reason = `${version} is a ${changeClass} change of ${environment}.`
  return {
    outcome: 'passed',
    reason,
    record: phase.end(planned.record, { outcome: 'passed', reason }),
    summary,
  }
}
