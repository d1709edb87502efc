import type { PhaseResult } from '@runbook-actions/shared/action/phase.ts'
import type { Cluster } from '@runbook-actions/shared/cluster/cluster.ts'
import { outcomeOf } from '@runbook-actions/shared/decide/policy.ts'
import { worst } from '@runbook-actions/shared/decide/verdict.ts'
import { runGates } from '@runbook-actions/shared/gates/gate.ts'
import { gatesFor } from '@runbook-actions/shared/gates/registry.ts'
import type { Clock, Logger } from '@runbook-actions/shared/ports.ts'
import { beginPhase } from '@runbook-actions/shared/record/phase-timer.ts'
import type { DeploymentRecord, KnownGood } from '@runbook-actions/shared/record/schema.ts'
import type { RecordStore } from '@runbook-actions/shared/record/store.ts'
import { logGates } from '@runbook-actions/shared/report/gate-log.ts'
import type { Runbook } from '@runbook-actions/shared/runbook/schema.ts'
import { validateSummary } from './summary.ts'

export interface ValidateInputs {
  readonly runbook: Runbook
  readonly record: DeploymentRecord
  readonly dryRun: boolean
}

export interface ValidatePorts {
  readonly cluster: Cluster
  readonly store: RecordStore
  readonly clock: Clock
  readonly log: Logger
  readonly signal: AbortSignal
}

/**
 * Asks the runbook's questions after a rollout, all at the same time, and marks the release as known good where every
 * one has a good answer.
 */
export async function validate(
  { runbook, record, dryRun }: ValidateInputs,
  ports: ValidatePorts,
): Promise<PhaseResult> {
  const { cluster, store, clock, log, signal } = ports
  const phase = beginPhase('validate', clock)
  const gates = await runGates(gatesFor('post-deploy'), { runbook, record, cluster, clock }, signal)
  logGates(gates, log)

  const verdict = worst(gates.map((gate) => gate.verdict))
  const outcome = outcomeOf('validate', verdict)
  const bad = gates.filter((gate) => gate.verdict === verdict)
  const reason =
    outcome === 'passed'
      ? `${record.version} is validated in ${record.environment}.`
      : `${record.version} in ${record.environment}: ${bad.map((gate) => `${gate.gate} is ${gate.verdict}: ${gate.answer}`).join(' ')}`
  const ended = phase.end(record, { outcome, verdict, reason, gates })
  if (!dryRun) {
    // The record first: should the process die between the two, nothing is called good that is not recorded.
    await store.load(signal)
    await store.save(ended, signal)
    if (outcome === 'passed') await store.markGood(knownGoodOf(ended, clock), signal)
  }
  return {
    outcome,
    reason,
    ...(outcome !== 'passed' && {
      next: 'See the questions in the summary; go back by the commands of the rollout if users are affected.',
    }),
    record: ended,
    summary: validateSummary(ended, gates, outcome),
  }
}

/** What runs now, as the release to go back to. Components that were not part of this deployment stay what they were. */
function knownGoodOf(record: DeploymentRecord, clock: Clock): KnownGood {
  const changed = new Set(record.deployed.map(({ deployment }) => deployment))
  const others = record.from?.components.filter(({ deployment }) => !changed.has(deployment)) ?? []
  return {
    recordId: record.id,
    version: record.version,
    commit: record.commit,
    at: clock.now().toISOString(),
    components: [...others, ...record.deployed],
  }
}
