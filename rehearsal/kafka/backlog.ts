import { setTimeout as delay } from 'node:timers/promises'
import { logLevel } from 'kafkajs'
import { kafkaClient } from './client.ts'

const askEveryMs = 200

/** A consumer group and the topic that it reads. */
export interface Reader {
  readonly group: string
  readonly topic: string
}

/**
 * Waits until no group is more than `most` messages behind the end of its topic.
 *
 * @throws Error that names the groups which still are after `limitMs`
 */
export async function untilDrained(
  brokers: readonly string[],
  readers: readonly Reader[],
  { most, limitMs }: { most: number; limitMs: number },
): Promise<void> {
  const admin = kafkaClient({
    clientId: 'rehearsal',
    brokers: [...brokers],
    logLevel: logLevel.NOTHING,
  }).admin()
  const deadline = AbortSignal.timeout(limitMs)
  try {
    await admin.connect()
    for (;;) {
      const behind: string[] = []
      for (const { group, topic } of readers) {
        const [committed] = await admin.fetchOffsets({ groupId: group, topics: [topic] })
        const ends = await admin.fetchTopicOffsets(topic)
        const lag = lagOf(committed?.partitions ?? [], ends)
        if (lag > most) behind.push(`${group} is ${lag} behind`)
      }
      if (behind.length === 0) return
      if (deadline.aborted) throw new Error(`After ${limitMs / 1000} s, ${behind.join(', ')}.`)
      await delay(askEveryMs)
    }
  } finally {
    await admin.disconnect()
  }
}

interface PartitionOffset {
  readonly partition: number
  readonly offset: string
}

/** Messages after the committed offsets; a partition without one (`-1`) is read from its beginning. */
function lagOf(committed: readonly PartitionOffset[], ends: readonly PartitionOffset[]): number {
  const read = new Map(committed.map(({ partition, offset }) => [partition, Math.max(0, Number(offset))]))
  return ends.reduce(
    (sum, { partition, offset }) => sum + Math.max(0, Number(offset) - (read.get(partition) ?? 0)),
    0,
  )
}
