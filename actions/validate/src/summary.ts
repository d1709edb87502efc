import type { GivenBack } from '@runbook-actions/shared/cluster/wake/held-components.ts'
import type { Outcome } from '@runbook-actions/shared/decide/outcome.ts'
import type { GateResult } from '@runbook-actions/shared/record/gate-result.ts'
import type { DeploymentRecord } from '@runbook-actions/shared/record/schema.ts'
import type { SummaryPart } from '@runbook-actions/shared/report/fit-summary.ts'
import { gateEvidence, gateTable } from '@runbook-actions/shared/report/gate-table.ts'
import { waitForRollback } from '@runbook-actions/shared/report/goes-back.ts'
import { inline } from '@runbook-actions/shared/report/markdown.ts'
import { waysBack } from '@runbook-actions/shared/report/rollback-command.ts'
import { rollbackCommands } from '@runbook-actions/shared/report/ticket-rollback.ts'
import { wokenParts } from '@runbook-actions/shared/action/woken-parts.ts'

/** The answers after a rollout, the state of the environment and what to do first. */
export function validateSummary(
  record: DeploymentRecord,
  gates: readonly GateResult[],
  outcome: Outcome,
  isGoingBack: boolean,
  woken: GivenBack,
): SummaryPart[] {
  return [
    { kind: 'decision', markdown: headline(record, outcome, isGoingBack) },
    ...wokenParts(woken, record.namespace),
    { kind: 'decision', markdown: gateTable(gates) },
    ...(isGoingBack
      ? [{ kind: 'decision', markdown: waysBack(record, rollbackCommands(record)) } as const]
      : []),
    gateEvidence(gates),
  ]
}

/** Where the run was cancelled before the questions had their answers. */
export function cancelledSummary({ version, environment }: DeploymentRecord, next: string): SummaryPart[] {
  const what = `${inline(version)} in ${inline(environment)}`
  return [{ kind: 'decision', markdown: `## 🟥 ${what}: cancelled, not validated\n**Do:** ${inline(next)}` }]
}

function headline(
  { version, environment, deployed }: DeploymentRecord,
  outcome: Outcome,
  isGoingBack: boolean,
): string {
  const pods = deployed.reduce((sum, component) => sum + component.pods, 0)
  const what = `${inline(version)} in ${inline(environment)}`
  if (outcome === 'passed') return `## ✅ ${what}: ${pods} pods validated\n**Do:** nothing.`
  const state = outcome === 'held' ? 'not everything could be shown' : 'something is wrong'
  return `## ${outcome === 'held' ? '🟨' : '🟥'} ${what}: ${state}\n**Do:** ${isGoingBack ? waitForRollback : 'read the first line below, then decide whether to go back.'}`
}
