import { explained } from '../errors.ts'
import type { Forge } from '../github/forge.ts'
import { ticketKeyOf } from '../github/ticket-key.ts'
import type { Logger } from '../ports.ts'
import { readTasks } from '../record/checklist.ts'
import type { DeploymentRecord } from '../record/schema.ts'
import { rolledBackAttempt } from '../record/ticket-marker.ts'
import type { TicketStory } from '../report/ticket-story.ts'
import { renderTicket, ticketLabels } from '../report/ticket.ts'
import type { Runbook } from '../runbook/schema.ts'
import { collectChanges } from './release-changes.ts'

export interface TicketPorts {
  readonly forge: Forge
  readonly log: Logger
  readonly signal: AbortSignal
  /** Takes secrets out of what leaves for the ticket. */
  readonly redact: (text: string) => string
}

export interface KeptTicket {
  /** The record with the ticket's number and address. */
  readonly record: DeploymentRecord
  /** What was done, in one sentence. */
  readonly done: string
}

/**
 * Creates or updates the one ticket of a deployment. A run that is run again goes on in the ticket of its first attempt. One
 * that tells of a rollback is left to those who know of it: a run that was asked to stop may end later than the run that went
 * back, and its word is the older one.
 *
 * @throws UserError naming the missing permission
 */
export async function keepTicket(
  story: Omit<TicketStory, 'tasks'>,
  runbook: Runbook,
  ports: TicketPorts,
): Promise<KeptTicket> {
  const { forge, signal, redact } = ports
  const record = await withChanges(story.record, runbook, ports)
  const key = ticketKeyOf(record, runbook)
  const existing = await forge.findTicket(key, signal)
  const told = rolledBackAttempt(existing?.body)
  const isOlder = told !== undefined && Number(record.run.attempt) <= told
  if (existing !== undefined && record.rollback === undefined && isOlder) {
    const { number, url } = existing
    return {
      record: { ...record, ticket: { number, url } },
      done: `The ticket #${number} tells of the rollback: that stays its last word.`,
    }
  }
  const tasks = readTasks(existing?.body ?? '')
  const rendered = renderTicket({ ...story, record, tasks }, runbook)
  const text = { ...rendered, title: redact(rendered.title), body: redact(rendered.body) }

  const ticket = existing ?? (await forge.openTicket(key, text, signal))
  const labels = ticketLabels(ticket.labels, rendered, runbook)
  // Also what was just opened: another run may have opened it first, and a new issue cannot be a closed one.
  const isUpToDate = existing === undefined && ticket.body === text.body && text.state === 'open'
  if (!isUpToDate) await forge.updateTicket(ticket.number, { ...text, labels }, signal)
  const what = existing === undefined ? 'opened' : text.state === 'closed' ? 'closed' : 'updated'
  const { attempt } = record.run
  const isTakenOver = existing !== undefined && record.ticket === undefined && attempt !== '1'
  return {
    record: { ...record, ticket: { number: ticket.number, url: ticket.url } },
    done: isTakenOver
      ? `The ticket #${ticket.number}, which an earlier attempt of this run has opened, goes on with attempt ${attempt}.`
      : `The ticket #${ticket.number} is ${what}.`,
  }
}

/** What a release brings (a configuration change brings no commit) does not change: it is looked up once and travels in the record. */
async function withChanges(
  record: DeploymentRecord,
  runbook: Runbook,
  ports: TicketPorts,
): Promise<DeploymentRecord> {
  if (record.changes !== undefined || record.configuration !== undefined) return record
  try {
    const changes = await collectChanges(record, runbook.ticket.workItems, ports)
    return changes === undefined ? record : { ...record, changes }
  } catch (error) {
    if (ports.signal.aborted) throw error
    ports.log.warn(`The ticket does not tell the changes: ${explained(error)}`)
    return record
  }
}
