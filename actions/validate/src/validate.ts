import type { PhaseResult } from '@runbook-actions/shared/action/phase.ts'
import { saveLast } from '@runbook-actions/shared/action/save-last.ts'
import type { Outcome } from '@runbook-actions/shared/decide/outcome.ts'
import { outcomeOf } from '@runbook-actions/shared/decide/policy.ts'
import { giveBackAll, describeHeld, heldLast } from '@runbook-actions/shared/cluster/wake/held-components.ts'
import { worst } from '@runbook-actions/shared/decide/verdict.ts'
import { runGates } from '@runbook-actions/shared/gates/gate.ts'
import { gatesFor } from '@runbook-actions/shared/gates/registry.ts'
import type { Sources } from '@runbook-actions/shared/gates/sources.ts'
import { messageOf } from '@runbook-actions/shared/errors.ts'
import type { Logger } from '@runbook-actions/shared/ports.ts'
import { goesBack } from '@runbook-actions/shared/record/going-back.ts'
import { beginPhase } from '@runbook-actions/shared/record/phase-timer.ts'
import type { GateResult } from '@runbook-actions/shared/record/gate-result.ts'
import type { DeploymentRecord } from '@runbook-actions/shared/record/schema.ts'
import { sleepersOf } from '@runbook-actions/shared/record/sleeper.ts'
import type { RecordStore } from '@runbook-actions/shared/record/store.ts'
import { rollbackFollows } from '@runbook-actions/shared/report/goes-back.ts'
import { logGates } from '@runbook-actions/shared/report/gate-log.ts'
import type { Runbook } from '@runbook-actions/shared/runbook/schema.ts'
import { saveEnd } from './known-good.ts'
import { cancelledSummary, validateSummary } from './summary.ts'

export interface ValidateInputs {
  readonly runbook: Runbook
  readonly record: DeploymentRecord
  readonly dryRun: boolean
}

export interface ValidatePorts {
  readonly sources: Sources
  readonly store: RecordStore
  /** Throws where the lock has ended; called right before what is held is given back. */
  readonly checkWrite: () => void
  readonly log: Logger
  readonly signal: AbortSignal
}

/**
 * Asks the runbook's questions after a rollout, all at the same time. A run that is cancelled while they are asked ends
 * as cancelled; once they are answered, the answers count. What the rollout has woken for them is given back, whatever they
 * say; only a run that is cancelled leaves it held, and says so, for its re-run or for whoever goes back.
 */
export async function validate(
  { runbook, record, dryRun }: ValidateInputs,
  ports: ValidatePorts,
): Promise<PhaseResult> {
  const { sources, store, log, signal } = ports
  const { clock, cluster } = sources
  const sleepers = sleepersOf(record.plan)
  const phase = beginPhase('validate', clock)
  let gates: GateResult[]
  try {
    gates = await runGates(
      gatesFor('post-deploy', runbook),
      { ...sources, runbook, record, occasion: 'post-deploy' },
      signal,
    )
  } catch (error) {
    if (!signal.aborted) throw error
    const held = await heldLast(sleepers, cluster, log)
    const still = held.length === 0 ? '' : ` Held awake still: ${describeHeld(held)}.`
    const reason = `Stopped (${messageOf(signal.reason)}): ${record.version} is rolled out to ${record.environment}, and not validated.${still}`
    const ended = phase.end(record, { outcome: 'cancelled', reason })
    if (!dryRun) await saveLast((soon) => saveEnd(ended, runbook, { ...sources, store }, soon), log)
    const next = 'Run the job again to validate it, or go back by the workflow Rollback.'
    return { outcome: 'cancelled', reason, next, record: ended, summary: cancelledSummary(ended, next) }
  }
  logGates(gates, log)

  const { sentences, left } = await giveBackAll(dryRun ? [] : sleepers, { ...ports, cluster })
  const verdict = worst(gates.map((gate) => gate.verdict))
  const judged = outcomeOf('validate', verdict)
  const outcome = judged === 'passed' && left.length > 0 ? 'held' : judged
  const bad = gates.filter((gate) => gate.verdict === verdict)
  const answer =
    judged === 'passed'
      ? `${record.version} is validated in ${record.environment}.`
      : `${record.version} in ${record.environment}: ${bad.map((gate) => `${gate.gate} is ${gate.verdict}: ${gate.answer}`).join(' ')}`
  const reason = [answer, ...sentences].join(' ')
  const ended = phase.end(record, { outcome, verdict, reason, gates })
  if (!dryRun) await saveEnd(ended, runbook, { ...sources, store }, signal)
  return {
    outcome,
    reason,
    ...(outcome !== 'passed' && { next: nextStep(judged, goesBack(ended, runbook)) }),
    record: ended,
    summary: validateSummary(ended, gates, outcome, goesBack(ended, runbook), { sentences, left }),
  }
}

/** What the reader does next, where not all is well. */
function nextStep(judged: Outcome, isGoingBack: boolean): string {
  if (judged === 'passed')
    return 'Give back what is held by the commands in the summary, then run the job again.'
  return isGoingBack
    ? rollbackFollows
    : 'See the questions in the summary; go back by the workflow Rollback if users are affected.'
}
