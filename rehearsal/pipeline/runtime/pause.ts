import { setTimeout as delay } from 'node:timers/promises'
import { KafkaJSError } from 'kafkajs'

/**
 * Waits in the middle of a message, without losing the place in the consumer group.
 *
 * @throws KafkaJSError where the message must be let go: the service stops, or the group shares its partitions anew
 */
export type Pause = (ms: number) => Promise<void>

/** Whether this tells that a message was let go, to be read again by whoever has its partition then. */
export function isLetGo(error: unknown): boolean {
  return error instanceof KafkaJSError
}

/**
 * Pauses that send a heartbeat each `everyMs`, and end with an error when the signal aborts. It is one of kafkajs's
 * errors, because kafkajs logs all others as faults of the message handler.
 */
export function pauseWith(heartbeat: () => Promise<void>, everyMs: number, signal: AbortSignal): Pause {
  return async (ms) => {
    const until = performance.now() + ms
    for (let left = ms; left > 0; left = until - performance.now()) {
      await delay(Math.min(left, everyMs), undefined, { signal }).catch(() => {
        throw new KafkaJSError('the service stops', { retriable: true })
      })
      await heartbeat()
    }
  }
}
