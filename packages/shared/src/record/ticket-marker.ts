const markers = /^<!-- runbook-actions:ticket:(.+) -->$/gmu

/** The hidden line at the end of a ticket by which it is found again. */
export function ticketMarker(recordId: string): string {
  return `<!-- runbook-actions:ticket:${recordId} -->`
}

/** Of which record an issue is the ticket. Only the last marker counts: one above it was quoted from elsewhere. */
export function markedRecord(body: string | null | undefined): string | undefined {
  return [...(body ?? '').replaceAll('\r\n', '\n').matchAll(markers)].at(-1)?.[1]
}
