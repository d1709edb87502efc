/** What was asked of the server: it makes errors speak of objects, not of URLs. */
export interface ApiRequest {
  readonly method: string
  /** With the query. */
  readonly path: string
  readonly namespace?: string | undefined
  readonly kind?: string | undefined
  readonly name?: string | undefined
}

/** How often and how long something was tried before it was given up. */
export interface Attempts {
  readonly count: number
  readonly elapsedMs: number
}

/** The end of a message; empty when there was one try only. */
export function describeAttempts(attempts: Attempts | undefined): string {
  if (attempts === undefined || attempts.count < 2) return ''
  return ` (given up after ${attempts.count} attempts in ${(attempts.elapsedMs / 1000).toFixed(1)} s)`
}
