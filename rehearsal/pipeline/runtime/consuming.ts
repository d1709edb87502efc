import { setTimeout as delay } from 'node:timers/promises'
import { KafkaJSError, type Consumer } from 'kafkajs'
import { log } from './log.ts'

export interface ConsumingOptions {
  /** Begins to consume; also returns where joining the group failed, which a CRASH event tells. */
  readonly run: () => Promise<void>
  /** Ends the trying. */
  readonly signal: AbortSignal
  /** Between two tries. */
  readonly pauseMs: number
}

/** What can be waited for of a consumer. */
export interface Consuming {
  /** Resolves when the consumer is in its group for the first time. */
  readonly joined: Promise<void>
  /** Rejects when the consumer ended by an error that is not the broker's, or before it was in its group. */
  readonly crashed: Promise<never>
}

/**
 * Keeps a consumer at work. After most errors kafkajs restarts it by itself, but not after some of a broker that goes
 * away and comes back ("Failed to find group coordinator"): those are no reason for a service to end.
 */
export function keepConsuming(
  consumer: Pick<Consumer, 'on' | 'events' | 'connect'>,
  { run, signal, pauseMs }: ConsumingOptions,
): Consuming {
  const { events } = consumer
  const joined = Promise.withResolvers<undefined>()
  const crashed = Promise.withResolvers<never>()
  let hasJoined = false

  const begin = async (): Promise<void> => {
    while (!signal.aborted) {
      await delay(pauseMs, undefined, { signal })
      try {
        await consumer.connect()
        await run()
        return
      } catch (error) {
        if (!(error instanceof KafkaJSError)) throw error
        log.warn(`cannot consume yet: ${error.message}`)
      }
    }
  }
  consumer.on(events.GROUP_JOIN, () => {
    hasJoined = true
    joined.resolve(undefined)
  })
  consumer.on(events.CRASH, ({ payload: { restart, error } }) => {
    if (restart) return
    if (hasJoined && error instanceof KafkaJSError) {
      log.warn(`consumes again in ${String(pauseMs)} ms: ${error.message}`)
      begin().catch(crashed.reject)
    } else crashed.reject(error)
  })
  return { joined: joined.promise, crashed: crashed.promise }
}
