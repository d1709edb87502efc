/** Requests per hour that GitHub allows the token of a workflow, for each repository. */
const requestsPerHour = 1_000
const windowMs = 60 * 60 * 1_000

export interface RateLimitSnapshot {
  limit: number
  used: number
  remaining: number
  /** Seconds since 1970. */
  reset: number
}

/** Counts requests as GitHub does. The count is told and not enforced; `faults` can exhaust it. */
export class RateLimit {
  readonly #now: () => Date
  #windowStart: number
  #used = 0

  constructor(now: () => Date) {
    this.#now = now
    this.#windowStart = now().getTime()
  }

  count(): void {
    this.#roll()
    this.#used += 1
  }

  snapshot(): RateLimitSnapshot {
    this.#roll()
    const remaining = Math.max(0, requestsPerHour - this.#used)
    const reset = Math.ceil((this.#windowStart + windowMs) / 1_000)
    return { limit: requestsPerHour, used: this.#used, remaining, reset }
  }

  #roll(): void {
    const now = this.#now().getTime()
    if (now < this.#windowStart + windowMs) return
    this.#windowStart = now
    this.#used = 0
  }
}
