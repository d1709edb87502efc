import { deploymentWindow, windowStillOpen } from '@runbook-actions/shared/gates/deployment-window.ts'
import { runGates } from '@runbook-actions/shared/gates/gate.ts'
import type { Clock, Logger } from '@runbook-actions/shared/ports.ts'
import type { GateResult } from '@runbook-actions/shared/record/gate-result.ts'
import type { DeploymentRecord } from '@runbook-actions/shared/record/schema.ts'
import { logGates } from '@runbook-actions/shared/report/gate-log.ts'
import { isLastEnvironment } from '@runbook-actions/shared/runbook/environments.ts'
import type { Runbook } from '@runbook-actions/shared/runbook/schema.ts'

interface Ports {
  readonly clock: Clock
  readonly log: Logger
  readonly signal: AbortSignal
}

/**
 * Asks about the deployment window before a later component, from the dates in the record. It only warns, because to stop
 * between two components leaves two versions running (docs/decisions/0007-window-during-a-rollout.md).
 *
 * Undefined where the window does not hold: in an environment where the release is only tried.
 */
export async function askWindowAgain(
  runbook: Runbook,
  record: DeploymentRecord,
  { clock, log, signal }: Ports,
): Promise<GateResult | undefined> {
  if (!windowHolds(runbook, record)) return undefined
  const results = await runGates([windowStillOpen], { runbook, record, occasion: 're-check', clock }, signal)
  logGates(results, log)
  return results[0]
}

/** Whether the window holds here: where it was asked before the approval; and in the last environment of the runbook file, also without preflight. */
export function windowHolds(runbook: Runbook, { environment, phases }: DeploymentRecord): boolean {
  const asked = phases.some(({ gates }) => gates.some(({ gate }) => gate === deploymentWindow.name))
  return asked || isLastEnvironment(runbook, environment)
}
