import type { Gauge } from './metrics.ts'
import { isLetGo, type Pause } from './pause.ts'

/** The values of the gauge `circuit_breaker_state`. */
export const breakerStates = { closed: 0, halfOpen: 1, open: 2 } as const

type State = keyof typeof breakerStates

export interface BreakerOptions {
  /** So many failures in a row open it. */
  readonly failures: number
  /** So long it stays open before one call is let through to try. */
  readonly openMs: number
  readonly gauge: Gauge
  readonly now?: () => number
}

/** How long a call waits before it asks again whether it is let through. */
const askEveryMs = 100

/**
 * Keeps calls away from a target that fails. While it is open calls wait, so that messages are held up and not lost;
 * then one call tries, and closes it or opens it again.
 */
export class CircuitBreaker {
  readonly #failures: number
  readonly #openMs: number
  readonly #gauge: Gauge
  readonly #now: () => number
  #state: State = 'closed'
  #failed = 0
  #openUntil = 0

  constructor({ failures, openMs, gauge, now = () => performance.now() }: BreakerOptions) {
    this.#failures = failures
    this.#openMs = openMs
    this.#gauge = gauge
    this.#now = now
    this.#become('closed')
  }

  /** Calls the target as soon as the breaker lets it. Throws what the call or the pause throws. */
  async run<T>(call: () => Promise<T>, pause: Pause): Promise<T> {
    while (!this.#letsThrough()) await pause(askEveryMs)
    try {
      const result = await call()
      this.#failed = 0
      this.#become('closed')
      return result
    } catch (error) {
      if (isLetGo(error)) this.#giveUpTrial()
      else this.#countFailure()
      throw error
    }
  }

  #letsThrough(): boolean {
    if (this.#state === 'closed') return true
    if (this.#state === 'halfOpen' || this.#now() < this.#openUntil) return false
    this.#become('halfOpen')
    return true
  }

  #countFailure(): void {
    this.#failed += 1
    if (this.#state === 'closed' && this.#failed < this.#failures) return
    this.#openUntil = this.#now() + this.#openMs
    this.#become('open')
  }

  /** The call says nothing of the target: the next one may try at once. */
  #giveUpTrial(): void {
    if (this.#state === 'halfOpen') this.#become('open')
  }

  #become(state: State): void {
    this.#state = state
    this.#gauge.set(breakerStates[state])
  }
}
