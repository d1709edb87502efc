import type { PhaseResult } from '@runbook-actions/shared/action/phase.ts'
import { newest } from '@runbook-actions/shared/record/newest.ts'
import type { DeploymentRecord } from '@runbook-actions/shared/record/schema.ts'
import { inline } from '@runbook-actions/shared/report/markdown.ts'
import { waysBack } from '@runbook-actions/shared/report/rollback-command.ts'
import { rollbackCommands } from '@runbook-actions/shared/report/ticket-rollback.ts'
import { decideGoingBack, type GoingBackDecision } from './decide-going-back.ts'
import { lockedRollback, type LockedInputs, type LockedPorts } from './locked.ts'

export interface AfterInputs extends Omit<
  LockedInputs,
  'record' | 'reason' | 'cause' | 'instead' | 'wish' | 'components'
> {
  /** The newest record that a job of the run has handed on. */
  readonly handedOn: DeploymentRecord
  /** The environment's latest deployment. */
  readonly latest: DeploymentRecord | undefined
}

/**
 * Takes a deployment back that did not pass, where `decideGoingBack` says so: once before the lock is asked for, because
 * taking it closes the deployment for good, and once more under it.
 */
export async function rollbackAfter(
  { handedOn, latest, ...inputs }: AfterInputs,
  ports: LockedPorts,
): Promise<PhaseResult> {
  const decide = (now: DeploymentRecord | undefined): GoingBackDecision =>
    decideGoingBack(handedOn, now, inputs.runbook)
  const stayed = (now: DeploymentRecord | undefined): PhaseResult | undefined => {
    const decision = decide(now)
    return decision.do === 'stay' ? stays(newest(handedOn, now), decision) : undefined
  }
  const decision = decide(latest)
  if (decision.do === 'stay') return stays(newest(handedOn, latest), decision)
  const { record, cause, reason } = decision
  const wish = { kind: 'known-good' } as const
  return lockedRollback({ ...inputs, record, wish, components: [], reason, cause, instead: stayed }, ports)
}

/** The record stays as it is: nothing was done. */
function stays(
  record: DeploymentRecord,
  { outcome, reason }: GoingBackDecision & { readonly do: 'stay' },
): PhaseResult {
  const environment = inline(record.environment)
  if (outcome === 'passed') {
    const markdown = `## ✅ ${environment}: nothing to roll back\n**Do:** nothing here. ${inline(reason)}`
    return { outcome, reason, record, summary: [{ kind: 'decision', markdown }] }
  }
  const next = 'Decide: go back by the workflow Rollback, or mend the cause and re-run the failed jobs.'
  const head = `## 🟨 ${environment} is not rolled back: a person decides\n**Do:** read how it ended, then go back as told below, or mend the cause and re-run the failed jobs.\n\n**Why:** ${inline(reason)}`
  return {
    outcome,
    reason,
    next,
    record,
    summary: [
      { kind: 'decision', markdown: head },
      { kind: 'decision', markdown: waysBack(record, rollbackCommands(record)) },
    ],
  }
}
