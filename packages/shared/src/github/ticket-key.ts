import type { DeploymentRecord } from '../record/schema.ts'
import type { Runbook } from '../runbook/schema.ts'
import type { TicketKey } from './forge.ts'

/** By what the ticket of a record is found again. */
export function ticketKeyOf(
  { id, openedAt, ticket }: Pick<DeploymentRecord, 'id' | 'openedAt' | 'ticket'>,
  runbook: Runbook,
): TicketKey {
  return {
    recordId: id,
    label: runbook.ticket.labels[0],
    openedAt: new Date(openedAt),
    number: ticket?.number,
  }
}
