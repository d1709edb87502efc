import { setTimeout as delay } from 'node:timers/promises'
import type { Producer } from 'kafkajs'
import { log } from '../runtime/log.ts'
import type { Announcement } from './messages.ts'

/** How long it waits for a broker that does not take an announcement. */
const brokerPauseMs = 1000

/**
 * Plays the system outside that announces new files, so that the pipeline has work; with 0 per second it has none. It is
 * no part of the service's own work and not in its metrics.
 */
export async function announceFiles(
  producer: Producer,
  topic: string,
  perSecond: number,
  signal: AbortSignal,
): Promise<void> {
  for (let number = 1; perSecond > 0 && !signal.aborted; number += 1) {
    const file: Announcement = {
      file: `claims/${String(Date.now())}-${String(number)}.pdf`,
      sizeBytes: 20_000 + Math.floor(Math.random() * 2_000_000),
    }
    const pauseMs = await producer
      .send({ topic, messages: [{ key: file.file, value: JSON.stringify(file) }] })
      .then(
        () => 1000 / perSecond,
        (error: unknown) => {
          // The consumer says whether the service can go on; a broker that is away comes back.
          log.warn(`a file could not be announced: ${String(error)}`)
          return brokerPauseMs
        },
      )
    await delay(pauseMs, undefined, { signal }).catch((error: unknown) => {
      if (!signal.aborted) throw error
    })
  }
}
