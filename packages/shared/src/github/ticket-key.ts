import type { DeploymentRecord } from '../record/schema.ts'
import { deploymentName } from '../record/ticket-marker.ts'
import type { Runbook } from '../runbook/schema.ts'
import type { TicketKey } from './forge.ts'

/** How long after its first attempt GitHub lets a run be run again; and a day more. */
const rerunsMs = 31 * 24 * 60 * 60_000

/** By what the ticket of a record is found again. */
export function ticketKeyOf(record: DeploymentRecord, runbook: Runbook): TicketKey {
  const { openedAt, ticket, run } = record
  const opened = Date.parse(openedAt)
  return {
    deployment: deploymentName(record),
    label: runbook.ticket.labels[0],
    since: new Date(run.attempt === '1' ? opened : opened - rerunsMs),
    number: ticket?.number,
  }
}
