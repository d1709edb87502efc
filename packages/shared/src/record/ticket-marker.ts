import type { DeploymentRecord } from './schema.ts'

const markers = /^<!-- runbook-actions:ticket:(.+) -->$/gmu

/** A deployment by name, for its ticket: its record's name without the attempt, because a re-run goes on in the same ticket. */
export function deploymentName({
  pipeline,
  environment,
  version,
  run,
}: Pick<DeploymentRecord, 'pipeline' | 'environment' | 'version' | 'run'>): string {
  return [pipeline, environment, version, run.id].join('/')
}

/** The hidden line at the end of a ticket by which it is found again. */
export function ticketMarker(deployment: string): string {
  return `<!-- runbook-actions:ticket:${deployment} -->`
}

const rollbackLine = /\n<!-- runbook-actions:rolled-back:(\d+) -->$/u

/** The hidden line right before the marker of a ticket that tells of a rollback: that is its last word of this attempt. */
export function rollbackMarker(attempt: string): string {
  return `<!-- runbook-actions:rolled-back:${attempt} -->`
}

/**
 * The attempt of the run whose rollback a ticket tells of; undefined where it tells of none. Only the line before the last
 * marker counts: any other was quoted from elsewhere.
 */
export function rolledBackAttempt(body: string | null | undefined): number | undefined {
  const text = (body ?? '').replaceAll('\r\n', '\n')
  const end = [...text.matchAll(markers)].at(-1)?.index ?? 0
  const attempt = rollbackLine.exec(text.slice(0, end).trimEnd())?.[1]
  return attempt === undefined ? undefined : Number(attempt)
}

/** Of which deployment an issue is the ticket. Only the last marker counts: one above it was quoted from elsewhere. */
export function markedDeployment(body: string | null | undefined): string | undefined {
  return [...(body ?? '').replaceAll('\r\n', '\n').matchAll(markers)].at(-1)?.[1]
}
