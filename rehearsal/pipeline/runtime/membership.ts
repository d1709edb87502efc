import type { Consumer } from 'kafkajs'

/**
 * Whether a consumer is in its group, told from what the broker answered: joining, and each heartbeat since. Silence is
 * longest in a rebalance that waits for a member that died, so only after `staleAfterMs` does it mean that the
 * consumer is out.
 */
export class Membership {
  readonly #staleAfterMs: number
  readonly #now: () => number
  #joined = false
  #heardAt = 0

  constructor(staleAfterMs: number, now: () => number = () => performance.now()) {
    this.#staleAfterMs = staleAfterMs
    this.#now = now
  }

  follow(consumer: Pick<Consumer, 'on' | 'events'>): void {
    const { events } = consumer
    consumer.on(events.GROUP_JOIN, () => {
      this.#joined = true
      this.#heardAt = this.#now()
    })
    consumer.on(events.HEARTBEAT, () => {
      this.#heardAt = this.#now()
    })
    const leave = (): void => {
      this.#joined = false
    }
    consumer.on(events.CRASH, leave)
    consumer.on(events.STOP, leave)
  }

  /** Why the consumer does not count as a member; undefined if it does. */
  problem(): string | undefined {
    if (!this.#joined) return 'has not joined its consumer group'
    const silentMs = this.#now() - this.#heardAt
    if (silentMs <= this.#staleAfterMs) return undefined
    return `has not heard from its consumer group for ${String(Math.round(silentMs / 1000))} s`
  }
}
