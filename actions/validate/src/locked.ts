import { endedByLock, lockedPhase } from '@runbook-actions/shared/action/locked-phase.ts'
import type { PhaseResult } from '@runbook-actions/shared/action/phase.ts'
import type { Lock } from '@runbook-actions/shared/cluster/lock.ts'
import { beginPhase } from '@runbook-actions/shared/record/phase-timer.ts'
import { inline } from '@runbook-actions/shared/report/markdown.ts'
import { isLastEnvironment } from '@runbook-actions/shared/runbook/environments.ts'
import { validate, type ValidateInputs, type ValidatePorts } from './validate.ts'

export interface LockedPorts extends ValidatePorts {
  readonly lock: Lock
}

/**
 * The validation under the environment's lock, so that what is judged does not change meanwhile. It gives the lock back
 * where the release is good, or only tried; else it is kept for whoever decides. Where another run holds it, the phase is blocked and
 * nothing is recorded; the same where it ends between the last answer and the record. A dry run does without.
 */
export async function lockedValidate(inputs: ValidateInputs, ports: LockedPorts): Promise<PhaseResult> {
  if (inputs.dryRun) return validate(inputs, ports)
  const phase = beginPhase('validate', ports.sources.clock)
  return lockedPhase(ports, (locked) => validate(inputs, { ...ports, ...locked }), {
    isOver: ({ outcome, record }) =>
      outcome === 'passed' || !isLastEnvironment(inputs.runbook, record.environment),
    stopped: (error) => {
      const ended = endedByLock(phase, inputs.record, error)
      const { version, environment } = ended.record
      const markdown = `## 🟥 ${inline(version)} in ${inline(environment)}: not validated\n**Do:** ${inline(ended.next ?? '')}\n\n**Why:** ${inline(ended.reason)}`
      return { ...ended, summary: [{ kind: 'decision', markdown }] }
    },
  })
}
