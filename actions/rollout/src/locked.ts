import { endedByLock, lockedPhase } from '@runbook-actions/shared/action/locked-phase.ts'
import type { PhaseResult } from '@runbook-actions/shared/action/phase.ts'
import { LockEnded, type Lock } from '@runbook-actions/shared/cluster/lock.ts'
import { beginPhase } from '@runbook-actions/shared/record/phase-timer.ts'
import { inline } from '@runbook-actions/shared/report/markdown.ts'
import { isLastEnvironment } from '@runbook-actions/shared/runbook/environments.ts'
import { rollout, type RolloutInputs, type RolloutPorts } from './rollout.ts'
import { rolloutSummary } from './summary.ts'

export interface LockedPorts extends Omit<RolloutPorts, 'checkWrite'> {
  readonly lock: Lock
}

/**
 * The rollout under the environment's lock, which it leaves to the next job of its run, also where it fails or is
 * cancelled: production is half-way. Where another run holds it, the phase is blocked and nothing is written, not even
 * the record of what runs. A dry run only says who holds it.
 */
export async function lockedRollout(inputs: RolloutInputs, ports: LockedPorts): Promise<PhaseResult> {
  if (inputs.dryRun) {
    await sayHolder(ports)
    return rollout(inputs, { ...ports, checkWrite: () => undefined })
  }
  const phase = beginPhase('rollout', ports.clock)
  return lockedPhase(
    ports,
    async (locked) => withEnd(await rollout(inputs, { ...ports, ...locked }), locked.signal),
    {
      isOver: (result) => isOver(inputs, result),
      stopped: (error) => {
        const ended = endedByLock(phase, inputs.record, error)
        const { record, outcome, reason } = ended
        const nothing = {
          rolled: [],
          changed: new Set<string>(),
          held: [],
          isGoingBack: false,
          dryRun: false,
        }
        return { ...ended, summary: rolloutSummary({ record, outcome, reason, ...nothing }) }
      },
    },
  )
}

/** Where somebody else has the lock now, going back by hand would cross what they do. */
function withEnd(result: PhaseResult, { reason: end }: { readonly reason: unknown }): PhaseResult {
  if (!(end instanceof LockEnded) || result.outcome === 'passed') return result
  const [headline, ...rest] = result.summary
  const note = `**Wait:** ${inline(end.message)}. Do not go back by hand before you know what it does.`
  const summary = [
    ...(headline === undefined ? [] : [headline]),
    { kind: 'decision', markdown: note } as const,
    ...rest,
  ]
  return { ...result, ...(end.next !== undefined && { next: end.next }), summary }
}

/** Whether nothing follows and nothing is half-way: where a version is only tried, the next one may come at once. */
function isOver({ runbook, record }: RolloutInputs, { outcome }: PhaseResult): boolean {
  return outcome === 'blocked' || (outcome !== 'passed' && !isLastEnvironment(runbook, record.environment))
}

async function sayHolder({ lock, log, signal }: LockedPorts): Promise<void> {
  const decision = await lock.look(signal)
  log.info(
    decision.do === 'refuse'
      ? `A real run would be blocked. ${decision.reason}`
      : 'The lock is free to take.',
  )
}
