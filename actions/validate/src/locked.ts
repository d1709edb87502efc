import type { PhaseResult } from '@runbook-actions/shared/action/phase.ts'
import {
  LockEnded,
  LockRefused,
  underLock,
  whileLocked,
  type Lock,
} from '@runbook-actions/shared/cluster/lock.ts'
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
export async function lockedValidate(
  inputs: ValidateInputs,
  { lock, ...ports }: LockedPorts,
): Promise<PhaseResult> {
  if (inputs.dryRun) return validate(inputs, ports)
  const phase = beginPhase('validate', ports.sources.clock)
  try {
    return await whileLocked(
      lock,
      ports.signal,
      (held, signal) => validate(inputs, { ...ports, store: underLock(ports.store, held), signal }),
      ({ outcome, record }) => outcome === 'passed' || !isLastEnvironment(inputs.runbook, record.environment),
    )
  } catch (error) {
    if (!(error instanceof LockRefused || error instanceof LockEnded)) throw error
    const outcome = error instanceof LockRefused ? 'blocked' : 'cancelled'
    const { message: reason, next = '' } = error
    const record = phase.end(inputs.record, { outcome, reason })
    const markdown = `## 🟥 ${inline(record.version)} in ${inline(record.environment)}: not validated\n**Do:** ${inline(next)}\n\n**Why:** ${inline(reason)}`
    return { outcome, reason, next, record, summary: [{ kind: 'decision', markdown }] }
  }
}
