import type { PhaseResult } from '@runbook-actions/shared/action/phase.ts'
import { decideApproval } from '@runbook-actions/shared/decide/approval.ts'
import { checklist } from '@runbook-actions/shared/gates/checklist.ts'
import { runGates } from '@runbook-actions/shared/gates/gate.ts'
import type { Forge } from '@runbook-actions/shared/github/forge.ts'
import type { Clock, Logger } from '@runbook-actions/shared/ports.ts'
import { lastPhase } from '@runbook-actions/shared/record/append.ts'
import { asTold } from '@runbook-actions/shared/record/as-told.ts'
import type { GateResult } from '@runbook-actions/shared/record/gate-result.ts'
import { withRejection } from '@runbook-actions/shared/record/rejection.ts'
import { beginPhase } from '@runbook-actions/shared/record/phase-timer.ts'
import type { Approval, DeploymentRecord } from '@runbook-actions/shared/record/schema.ts'
import { checklistAnswers } from '@runbook-actions/shared/report/checklist-answers.ts'
import { logGates } from '@runbook-actions/shared/report/gate-log.ts'
import { inline } from '@runbook-actions/shared/report/markdown.ts'
import { humanDuration } from '@runbook-actions/shared/runbook/durations.ts'
import type { Runbook } from '@runbook-actions/shared/runbook/schema.ts'

/** What the approval rests on beside the record. */
export interface ApprovePorts {
  readonly forge: Forge
  readonly clock: Clock
  readonly log: Logger
  readonly signal: AbortSignal
}

/**
 * Records who approved, after the forge has let the job through its environment. It looks for itself: an environment
 * that nobody protected lets every job through. Evidence that has grown old while the run waited does not carry an
 * approval, and neither does a tag that was moved, nor a checklist that has open lines.
 */
export async function approve(
  runbook: Runbook,
  record: DeploymentRecord,
  { forge, clock, log, signal }: ApprovePorts,
): Promise<PhaseResult> {
  const phase = beginPhase('approve', clock)
  const timeToLiveMs = runbook.evidence.timeToLive
  let gates: readonly GateResult[] = []
  const blocked = (reason: string, next: string): PhaseResult => ({
    outcome: 'blocked',
    reason,
    next,
    record: phase.end(record, { outcome: 'blocked', reason, gates }),
    summary: [
      { kind: 'decision', markdown: `## 🟥 Not approved\n**Do:** ${inline(next)}\n\n${inline(reason)}` },
      ...checklistAnswers(gates, record),
    ],
  })

  const preflight = lastPhase(record, 'preflight')
  if (preflight?.outcome !== 'passed') {
    return blocked('The record has no preflight that passed.', 'Run the whole workflow again.')
  }
  const ageMs = clock.now().getTime() - Date.parse(preflight.endedAt)
  if (ageMs > timeToLiveMs) {
    return blocked(
      `What was approved is ${humanDuration(ageMs)} old; evidence is good for ${humanDuration(timeToLiveMs)}.`,
      'Run the workflow again: everything is measured anew.',
    )
  }
  const [commit, answers] = await Promise.all([
    // A configuration change brings no tag: it is the digest of its values that later phases hold against the plan.
    record.configuration === undefined ? forge.tagCommit(record.tag, signal) : record.commit,
    forge.approvals(record.run.id, signal),
  ])
  if (commit !== record.commit) {
    return blocked(
      `The tag ${record.tag} points at ${commit ?? 'nothing'} now; staging ran ${record.commit}.`,
      'Tags of releases must not move. Tag a new version.',
    )
  }
  const authors = [record.run.actor, record.author].filter((author) => author !== undefined)
  const decision = decideApproval(answers, record.approval, authors)
  if (!decision.approved) {
    const { reason, next, rejected } = decision
    const told = blocked(reason, next)
    return rejected === undefined ? told : { ...told, record: withRejection(told.record, rejected, clock) }
  }

  gates = await runGates([checklist], { runbook, record, occasion: 'approve', forge, clock }, signal)
  logGates(gates, log)
  const open = gates.filter(({ verdict }) => verdict !== 'pass' && verdict !== 'skipped')
  if (open.length > 0) {
    return blocked(
      `Approved by ${decision.by}, but ${open.map(({ gate, verdict, answer }) => `${gate} is ${verdict}: ${answer}`).join(' ')}`,
      `Tick what is true in the ticket, then re-run the failed jobs: the approval is asked for again.`,
    )
  }

  const approval: Approval = {
    environment: record.approval,
    by: decision.by,
    comment: decision.comment,
    seenAt: clock.now().toISOString(),
  }
  const reason = `Approved by ${decision.by} for ${record.approval}.`
  const approved = { ...record, approvals: [...record.approvals, approval] }
  const comment = decision.comment === '' ? '' : `: ${inline(decision.comment)}`
  return {
    outcome: 'passed',
    reason,
    record: phase.end(approved, { outcome: 'passed', reason, gates }),
    summary: [
      {
        kind: 'decision',
        markdown: `## ✅ ${inline(asTold(record).version)} is approved\n**Do:** nothing. ${inline(record.environment)} is rolled now.\n@${inline(decision.by)} for ${inline(record.approval)}${comment}`,
      },
      ...checklistAnswers(gates, record),
    ],
  }
}
