import { keepTicket, type TicketPorts } from '@runbook-actions/shared/action/keep-ticket.ts'
import type { PhaseResult } from '@runbook-actions/shared/action/phase.ts'
import { explained } from '@runbook-actions/shared/errors.ts'
import { inline, link } from '@runbook-actions/shared/report/markdown.ts'
import type { TicketStory } from '@runbook-actions/shared/report/ticket-story.ts'
import type { Runbook } from '@runbook-actions/shared/runbook/schema.ts'

/**
 * The phase `ticket`: a deployment never stops because nobody could write about it. What went wrong is a warning, and
 * the record goes on as it came.
 */
export async function ticket(
  story: Omit<TicketStory, 'tasks'>,
  readRunbook: () => Runbook,
  ports: TicketPorts,
): Promise<PhaseResult> {
  try {
    const { record, done } = await keepTicket(story, readRunbook(), ports)
    const { number, url } = record.ticket ?? { number: 0, url: '' }
    return {
      outcome: 'passed',
      reason: done,
      record,
      summary: [{ kind: 'decision', markdown: `📋 ${link(`Ticket #${number}`, url)}: ${inline(done)}` }],
    }
  } catch (error) {
    if (ports.signal.aborted) throw error
    const reason = `The deployment ticket is not written: ${explained(error)}`
    ports.log.warn(`${reason}\nThe deployment goes on without it.`)
    return {
      outcome: 'passed',
      reason,
      record: story.record,
      summary: [
        {
          kind: 'decision',
          markdown: `⚠️ ${inline(reason)}\n**Do:** see the warning of this step. The deployment goes on.`,
        },
      ],
    }
  }
}
