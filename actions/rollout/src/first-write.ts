import type { Cluster } from '@runbook-actions/shared/cluster/cluster.ts'
import type { Manifest } from '@runbook-actions/shared/cluster/manifest/read-manifest.ts'
import { outcomeOf } from '@runbook-actions/shared/decide/policy.ts'
import { capacity } from '@runbook-actions/shared/gates/capacity.ts'
import { deploymentWindow } from '@runbook-actions/shared/gates/deployment-window.ts'
import { runGates } from '@runbook-actions/shared/gates/gate.ts'
import type { Clock, Logger } from '@runbook-actions/shared/ports.ts'
import type { GateResult } from '@runbook-actions/shared/record/gate-result.ts'
import type { DeploymentRecord } from '@runbook-actions/shared/record/schema.ts'
import { logGates } from '@runbook-actions/shared/report/gate-log.ts'
import type { Runbook } from '@runbook-actions/shared/runbook/schema.ts'
import { windowHolds } from './window.ts'

interface Question {
  readonly runbook: Runbook
  readonly record: DeploymentRecord
  readonly manifests?: ReadonlyMap<string, Manifest>
  readonly dryRun: boolean
}

interface Ports {
  readonly cluster: Cluster
  readonly clock: Clock
  readonly log: Logger
  readonly signal: AbortSignal
}

/** What was asked before the first write, and why nothing may be written; undefined where it may. */
export interface FirstWrite {
  readonly gates: readonly GateResult[]
  readonly blocked: string | undefined
}

/**
 * Asks what may have changed since preflight, or was never asked where there was none: whether the deployment window is
 * open for the whole deployment, and whether there is room for the new pods. A dry run may be made at any time.
 */
export async function askBeforeFirstWrite(
  { runbook, record, manifests, dryRun }: Question,
  { cluster, clock, log, signal }: Ports,
): Promise<FirstWrite> {
  const asked = !dryRun && windowHolds(runbook, record) ? [deploymentWindow, capacity] : [capacity]
  const subject = {
    runbook,
    record,
    occasion: 're-check' as const,
    ...(manifests !== undefined && { manifests }),
  }
  const gates = await runGates<'cluster' | 'clock'>(asked, { ...subject, cluster, clock }, signal)
  logGates(gates, log)
  return { gates, blocked: blockedBy(gates) }
}

/** Which answers stop before a write, as one text; undefined where none does. */
export function blockedBy(gates: readonly GateResult[]): string | undefined {
  const stopping = gates.filter(
    ({ verdict }) => verdict !== 'skipped' && outcomeOf('preflight', verdict) !== 'passed',
  )
  const reasons = stopping.map(({ gate, verdict, answer }) => `${gate} is ${verdict}: ${answer}`)
  return reasons.length === 0 ? undefined : reasons.join(' ')
}
