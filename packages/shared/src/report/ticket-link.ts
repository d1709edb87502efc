import type { DeploymentRecord } from '../record/schema.ts'
import { link } from './markdown.ts'

/** `[ticket #412](…)` after a separator, for the third line of a summary; empty where the record has no ticket. */
export function ticketLink({ ticket }: Pick<DeploymentRecord, 'ticket'>): string {
  return ticket === undefined ? '' : ` · ${link(`ticket #${ticket.number}`, ticket.url)}`
}
