import type { Clock } from '../ports.ts'

/** Shorter ones are told to debuggers only: every request is tried again by itself. */
const worthTellingMs = 5_000

/** Tells people that the API server does not serve, once it has lasted, and when it serves again. */
export class Outage {
  readonly #clock: Clock
  readonly #tell: (message: string) => void
  #since: Date | undefined
  #isTold = false

  constructor(clock: Clock, tell: (message: string) => void) {
    this.#clock = clock
    this.#tell = tell
  }

  /** A request has failed in a way that is no answer to it. */
  failed(problem: string): void {
    const now = this.#clock.now()
    this.#since ??= now
    if (this.#isTold || now.getTime() - this.#since.getTime() < worthTellingMs) return
    this.#isTold = true
    this.#tell(`The API server has not served since ${this.#since.toISOString()}; trying on. Now: ${problem}`)
  }

  /** A request has been answered. */
  served(): void {
    if (this.#isTold && this.#since !== undefined) {
      const seconds = Math.round((this.#clock.now().getTime() - this.#since.getTime()) / 1000)
      this.#tell(`The API server serves again, after ${seconds} s.`)
    }
    this.#since = undefined
    this.#isTold = false
  }
}
