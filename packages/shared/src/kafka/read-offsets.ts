import type { GroupReading } from '../decide/group-reading.ts'
import { cappedReading } from '../cluster/diagnosis/capped-reading.ts'
import { neverCommitted, topicName, type GroupOffsets, type Offsets } from '../record/offsets.ts'
import type { ConsumerLag } from './consumer-lag.ts'

/** The consumer groups to read, each with the Deployments whose consumers are in it. */
export type Consumers = ReadonlyMap<string, readonly string[]>

/**
 * What the groups have committed. It is a note for whoever has to go back, and nothing waits for it longer than it may:
 * what cannot be read is said.
 *
 * @throws the signal's reason when cancelled
 */
export async function readOffsets(
  consumers: Consumers,
  lag: Pick<ConsumerLag, 'source' | 'read'>,
  withinMs: number,
  signal: AbortSignal,
): Promise<Offsets> {
  const { source } = lag
  const groups = [...consumers.keys()]
  if (groups.length === 0) return { source, groups: [], notRead: [] }
  const reading = cappedReading(signal, withinMs)
  try {
    const read = await lag.read(groups, reading.signal)
    const notRead = groups
      .filter((group) => !read.has(group))
      .map((group) => ({ group, why: 'the source does not tell of it.' }))
    const known = [...consumers].flatMap(([group, deployments]) => {
      const found = read.get(group)
      return found === undefined ? [] : [offsetsOf(found, deployments)]
    })
    return { source, groups: known, notRead }
  } catch (error) {
    const why = reading.whyNot(error)
    return { source, groups: [], notRead: groups.map((group) => ({ group, why })) }
  }
}

/** What a reading says of commits, for the record. */
export function offsetsOf(
  { group, at, partitions, unread }: GroupReading,
  deployments: readonly string[],
): GroupOffsets {
  const rows = [
    ...partitions.map(({ topic, partition, committed = neverCommitted }) => ({
      topic,
      partition,
      offset: committed,
    })),
    ...unread.map(({ topic, partition }) => ({ topic, partition, offset: null })),
  ]
    .filter(({ topic }) => topicName.test(topic))
    .sort((a, b) => a.partition - b.partition)
  // A partition may be told twice: with its commit, and without its leader.
  const topics: GroupOffsets['topics'] = {}
  for (const [topic, each] of Map.groupBy(rows, ({ topic: name }) => name)) {
    topics[topic] = [...new Map(each.map(({ partition, offset }) => [partition, offset]))]
  }
  return { group, deployments: [...deployments], at: new Date(at).toISOString(), topics }
}
