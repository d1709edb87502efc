import { setTimeout as delay } from 'node:timers/promises'
import type { Producer } from 'kafkajs'
import type { Announcement } from './messages.ts'

/**
 * Plays the system outside that announces new files, so that the pipeline always has work. It is no part of the
 * service's own work and not in its metrics.
 */
export async function announceFiles(
  producer: Producer,
  topic: string,
  perSecond: number,
  signal: AbortSignal,
): Promise<void> {
  for (let number = 1; !signal.aborted; number += 1) {
    const file: Announcement = {
      file: `claims/${String(Date.now())}-${String(number)}.pdf`,
      sizeBytes: 20_000 + Math.floor(Math.random() * 2_000_000),
    }
    await producer.send({ topic, messages: [{ key: file.file, value: JSON.stringify(file) }] })
    await delay(1000 / perSecond, undefined, { signal }).catch((error: unknown) => {
      if (!signal.aborted) throw error
    })
  }
}
