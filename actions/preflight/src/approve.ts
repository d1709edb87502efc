import type { PhaseResult } from '@runbook-actions/shared/action/phase.ts'
import { decideApproval } from '@runbook-actions/shared/decide/approval.ts'
import type { Forge } from '@runbook-actions/shared/github/forge.ts'
import type { Clock } from '@runbook-actions/shared/ports.ts'
import { lastPhase } from '@runbook-actions/shared/record/append.ts'
import { beginPhase } from '@runbook-actions/shared/record/phase-timer.ts'
import type { Approval, DeploymentRecord } from '@runbook-actions/shared/record/schema.ts'
import { inline } from '@runbook-actions/shared/report/markdown.ts'
import { humanDuration } from '@runbook-actions/shared/runbook/durations.ts'

export interface ApprovePorts {
  readonly forge: Forge
  readonly clock: Clock
  readonly signal: AbortSignal
}

/**
 * Records who approved, after the forge has let the job through its environment. It looks for itself: an environment
 * that nobody protected lets every job through. Evidence that has grown old while the run waited does not carry an
 * approval, and neither does a tag that was moved.
 */
export async function approve(
  record: DeploymentRecord,
  timeToLiveMs: number,
  { forge, clock, signal }: ApprovePorts,
): Promise<PhaseResult> {
  const phase = beginPhase('approve', clock)
  const blocked = (reason: string, next: string): PhaseResult => ({
    outcome: 'blocked',
    reason,
    next,
    record: phase.end(record, { outcome: 'blocked', reason }),
    summary: [
      { kind: 'decision', markdown: `## 🟥 Not approved\n**Do:** ${inline(next)}\n\n${inline(reason)}` },
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
    forge.tagCommit(record.tag, signal),
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
  if (!decision.approved) return blocked(decision.reason, decision.next)

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
    record: phase.end(approved, { outcome: 'passed', reason }),
    summary: [
      {
        kind: 'decision',
        markdown: `## ✅ ${inline(record.version)} is approved\n**Do:** nothing. ${inline(record.environment)} is rolled now.\n@${inline(decision.by)} for ${inline(record.approval)}${comment}`,
      },
    ],
  }
}
