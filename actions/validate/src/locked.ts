import { endedByLock, lockedPhase } from '@runbook-actions/shared/action/locked-phase.ts'
import type { PhaseResult } from '@runbook-actions/shared/action/phase.ts'
import type { Lock } from '@runbook-actions/shared/cluster/lock.ts'
import { gatesFor } from '@runbook-actions/shared/gates/registry.ts'
import { beginPhase } from '@runbook-actions/shared/record/phase-timer.ts'
import type { WatchStage } from '@runbook-actions/shared/record/schema.ts'
import { inline } from '@runbook-actions/shared/report/markdown.ts'
import { isLastEnvironment } from '@runbook-actions/shared/runbook/environments.ts'
import { isLastStage } from './known-good.ts'
import { validate, type ValidatePorts } from './validate.ts'
import { watch, type WatchInputs, type WatchPorts } from './watch.ts'

/** What can be asked for: the questions right after the rollout, or a time of watching. */
export type Stage = 'post-deploy' | WatchStage

export interface LockedInputs extends Omit<WatchInputs, 'stage' | 'gates'> {
  readonly stage: Stage
}

export interface LockedPorts extends WatchPorts {
  readonly lock: Lock
}

/**
 * A stage under the environment's lock, so that what is judged does not change meanwhile. It gives the lock back after
 * the last stage of a good release, and where a release that was only tried is not good; else it is kept for the next
 * stage, or for whoever decides. Where another run holds it, the stage is blocked and nothing is recorded; the same where
 * it ends between the last answer and the record. A dry run does without.
 */
export async function lockedStage(
  { stage, ...inputs }: LockedInputs,
  ports: LockedPorts,
): Promise<PhaseResult> {
  const perform = (its: ValidatePorts & WatchPorts): Promise<PhaseResult> =>
    stage === 'post-deploy'
      ? validate(inputs, its)
      : watch({ ...inputs, stage, gates: gatesFor(stage, inputs.runbook) }, its)
  if (inputs.dryRun) return perform({ ...ports, checkWrite: () => undefined })
  const name = stage === 'post-deploy' ? 'validate' : stage
  const phase = beginPhase(name, ports.sources.clock)
  return lockedPhase(
    ports,
    async (locked) => {
      const result = await perform({ ...ports, ...locked })
      // A rollback may have asked for the lock after the last answer: what it takes away is not good.
      if (result.outcome === 'passed') locked.checkWrite()
      return result
    },
    {
      isOver: ({ outcome, record: { environment } }) =>
        outcome === 'passed'
          ? isLastStage(inputs.runbook, environment, name)
          : !isLastEnvironment(inputs.runbook, environment),
      stopped: (error) => {
        const ended = endedByLock(phase, inputs.record, error)
        const { version, environment } = ended.record
        const what = stage === 'post-deploy' ? 'not validated' : 'not watched to the end'
        const markdown = `## 🟥 ${inline(version)} in ${inline(environment)}: ${what}\n**Do:** ${inline(ended.next ?? '')}\n\n**Why:** ${inline(ended.reason)}`
        return { ...ended, summary: [{ kind: 'decision', markdown }] }
      },
    },
  )
}
