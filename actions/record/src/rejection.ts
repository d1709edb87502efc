import { decideApproval } from '@runbook-actions/shared/decide/approval.ts'
import { explained } from '@runbook-actions/shared/errors.ts'
import type { Forge } from '@runbook-actions/shared/github/forge.ts'
import type { Clock, Logger } from '@runbook-actions/shared/ports.ts'
import { beginPhase } from '@runbook-actions/shared/record/phase-timer.ts'
import { withRejection } from '@runbook-actions/shared/record/rejection.ts'
import type { DeploymentRecord } from '@runbook-actions/shared/record/schema.ts'
import { tellingPhase } from '@runbook-actions/shared/report/ticket-state.ts'
import type { TicketStory } from '@runbook-actions/shared/report/ticket-story.ts'

interface Ports {
  readonly forge: Forge
  readonly clock: Clock
  readonly log: Logger
  readonly signal: AbortSignal
}

/**
 * Tells a rejection that nobody else can: the job that waits for an approval runs not one step where it is rejected. The
 * record comes back with the phase `approve` at its end; as it is where nobody rejected it, or where that cannot be read.
 */
export async function toldRejection(
  { record, stopped }: Pick<TicketStory, 'record' | 'stopped'>,
  { forge, clock, log, signal }: Ports,
): Promise<DeploymentRecord> {
  const last = tellingPhase(record)
  const isWaiting = last?.phase === 'preflight' && last.outcome === 'passed'
  if (stopped !== 'failed' || !isWaiting) return record
  try {
    const phase = beginPhase('approve', clock)
    const decision = decideApproval(await forge.approvals(record.run.id, signal), record.approval, [])
    if (decision.approved || decision.rejected === undefined) return record
    const { reason, rejected } = decision
    return withRejection(phase.end(record, { outcome: 'blocked', reason }), rejected, clock)
  } catch (error) {
    signal.throwIfAborted()
    log.warn(`Whether somebody rejected it cannot be told: ${explained(error)}`)
    return record
  }
}
