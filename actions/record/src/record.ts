import type { KeptTicket } from '@runbook-actions/shared/action/keep-ticket.ts'
import type { PhaseResult } from '@runbook-actions/shared/action/phase.ts'
import { explained, messageOf } from '@runbook-actions/shared/errors.ts'
import type { Forge } from '@runbook-actions/shared/github/forge.ts'
import type { Clock, Logger } from '@runbook-actions/shared/ports.ts'
import { asTold } from '@runbook-actions/shared/record/as-told.ts'
import { beginPhase } from '@runbook-actions/shared/record/phase-timer.ts'
import type { DeploymentRecord, Phase } from '@runbook-actions/shared/record/schema.ts'
import { recordDigest, writeRecord } from '@runbook-actions/shared/record/text.ts'
import { isLive } from '@runbook-actions/shared/record/watch.ts'
import { code, inline } from '@runbook-actions/shared/report/markdown.ts'
import { ticketLink } from '@runbook-actions/shared/report/ticket-link.ts'
import { prodTag } from '@runbook-actions/shared/runbook/version.ts'
import { logKey, logLine } from './log-line.ts'

export interface RecordPorts {
  readonly forge: Forge
  readonly clock: Clock
  readonly log: Logger
  readonly signal: AbortSignal
  /** The lines that say how a deployment ended that did not pass, as the ticket has them. Markdown. */
  readonly standing: (record: DeploymentRecord) => string
  /** Writes the ticket for the last time; `isDone` where it can be closed. */
  readonly keepTicket: (record: DeploymentRecord, isDone: boolean) => Promise<KeptTicket>
}

export interface RecordResult extends PhaseResult {
  /** The tag that was made; empty where the deployment did not pass. */
  readonly tag: string
  /** The commit on the log's branch. */
  readonly logCommit: string
}

/**
 * Keeps what happened: one line of the deployment log with the whole record beside it, for every attempt; and the
 * annotated tag on the deployed commit, for those that passed; then the ticket, which is closed where it passed. All of
 * it can be repeated without doing anything twice, also by another attempt that found nothing left to change.
 */
export async function record(
  given: DeploymentRecord,
  tagPrefix: string,
  { forge, clock, log, signal, standing, keepTicket }: RecordPorts,
): Promise<RecordResult> {
  const phase = beginPhase('finish', clock)
  const deployed = given.phases.at(-1)
  const passed = isLive(given)
  // A configuration change brings no version: the tag of the one that stays is there already.
  const isRelease = given.configuration === undefined
  const reason = passed ? `${asTold(given).version} is deployed to ${given.environment}.` : whyNot(deployed)
  const closed = {
    ...phase.end(given, { outcome: 'passed', reason: `Recorded: ${reason}` }),
    closedAt: clock.now().toISOString(),
  }
  const digest = recordDigest(closed)

  const line = logLine(given, passed, reason)
  const file = { path: `records/${given.id}.json`, content: `${writeRecord(closed)}\n` }
  const appended = await forge.appendLog({ line, key: logKey(given, passed, reason), file }, signal)
  log.info(`${appended.added ? 'Appended to' : 'Is already in'} the deployment log: ${line}`)

  const tag = passed && isRelease ? prodTag(given.tag, tagPrefix) : ''
  if (tag !== '') {
    try {
      const made = await forge.createTag(
        { name: tag, message: tagMessage(given, digest), commit: given.commit },
        signal,
      )
      log.info(`The tag ${tag} ${made === 'created' ? 'is created' : 'exists already'} on ${given.commit}.`)
    } catch (error) {
      log.warn(
        `${given.environment} runs ${given.version}, and the log says so; only the tag is missing: ${messageOf(error)}`,
      )
      throw error
    }
  }
  const written = await lastTicket(closed, passed, { log, signal, keepTicket })
  const told = passed
    ? liveSummary(asTold(written.record), tag)
    : `${standing(closed)}${ticketLink(written.record)}`
  return {
    outcome: 'passed',
    reason,
    record: written.record,
    tag,
    logCommit: appended.commit,
    summary: [{ kind: 'decision', markdown: `${told}${written.warning}` }],
  }
}

/** A phase that passed is no reason: whatever came after it did not live to tell one. */
function whyNot(last: Phase | undefined): string {
  if (last === undefined) return 'Nothing was done.'
  return last.outcome === 'passed' ? `It ended without a word after ${last.phase}.` : last.reason
}

/** The log and the tag are written by now: a ticket that cannot be is said, and changes nothing of them. */
async function lastTicket(
  closed: DeploymentRecord,
  passed: boolean,
  { log, signal, keepTicket }: Pick<RecordPorts, 'log' | 'signal' | 'keepTicket'>,
): Promise<{ record: DeploymentRecord; warning: string }> {
  try {
    const { record: written, done } = await keepTicket(closed, passed)
    log.info(done)
    return { record: written, warning: '' }
  } catch (error) {
    if (signal.aborted) throw error
    const problem = `The deployment ticket is not brought to its end: ${explained(error)}`
    log.warn(problem)
    return { record: closed, warning: `\n\n⚠️ ${inline(problem)}` }
  }
}

function tagMessage({ version, id, approvals, run, ticket }: DeploymentRecord, digest: string): string {
  const approvedBy = approvals.map(({ by, environment }) => `Approved-by: ${by} (${environment})`)
  return [
    `Production deployment ${version}`,
    '',
    `Deployed-by: ${run.actor}`,
    ...approvedBy,
    `Run: ${run.url}`,
    ...(ticket === undefined ? [] : [`Ticket: #${ticket.number} ${ticket.url}`]),
    `Record: ${id}`,
    `Record-digest: ${digest}`,
  ].join('\n')
}

function liveSummary(
  { version, environment, approvals, run, from, deployed, ticket }: DeploymentRecord,
  tag: string,
): string {
  const approvers = approvals.map(({ by }) => `@${inline(by)}`).join(', ')
  const pods = deployed.reduce((sum, component) => sum + component.pods, 0)
  return [
    `## ✅ ${inline(version)} is live in ${inline(environment)}`,
    '**Do:** nothing.',
    `over ${inline(from?.version ?? 'what ran before')} · deployed by @${inline(run.actor)}, approved by ${approvers === '' ? 'nobody' : approvers}${ticketLink({ ticket })}`,
    '',
    tag === ''
      ? `- ${pods} pods have the new values`
      : `- ${pods} pods on the digests that staging ran · tag ${code(tag)}`,
  ].join('\n')
}
