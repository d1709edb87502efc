const markers = /^<!-- runbook-actions:ticket:(.+) -->$/gmu

/** The hidden line at the end of a ticket by which it is found again. */
export function ticketMarker(recordId: string): string {
  return `<!-- runbook-actions:ticket:${recordId} -->`
}

/** The hidden line right before the marker of a ticket that tells of a rollback: that is its last word. */
export const rollbackMarker = '<!-- runbook-actions:rolled-back -->'

/** Whether a ticket tells of a rollback. Only the line before the last marker counts: any other was quoted from elsewhere. */
export function tellsRollback(body: string | null | undefined): boolean {
  const text = (body ?? '').replaceAll('\r\n', '\n')
  const end = [...text.matchAll(markers)].at(-1)?.index ?? 0
  return text.slice(0, end).trimEnd().endsWith(`\n${rollbackMarker}`)
}

/** Of which record an issue is the ticket. Only the last marker counts: one above it was quoted from elsewhere. */
export function markedRecord(body: string | null | undefined): string | undefined {
  return [...(body ?? '').replaceAll('\r\n', '\n').matchAll(markers)].at(-1)?.[1]
}
