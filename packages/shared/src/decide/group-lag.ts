import type { GroupReading, PartitionLag } from './group-reading.ts'

/** What waits in one partition. */
export interface PartitionTotal {
  readonly topic: string
  readonly partition: number
  /** Messages between what is committed and the end of the log, as `kafka-consumer-groups` counts them. */
  readonly lag: number
  readonly owned: boolean | undefined
}

/** A reading of a group, summed up. */
export interface GroupLag {
  /** Messages over all partitions with a committed offset. */
  readonly total: number
  /** The partitions with a committed offset, most lag first. */
  readonly partitions: readonly PartitionTotal[]
  readonly uncommitted: readonly PartitionLag[]
  /** Retention was faster than the group: messages that it never read are gone. */
  readonly lost: readonly (PartitionTotal & { readonly messages: number })[]
  /** The log ends before what was committed: it was cut off, or the topic was made anew. */
  readonly truncated: readonly PartitionLag[]
  /** Share of the partitions that could be read; 1 where the group has none. */
  readonly completeness: number
}

/** Sums a reading up. Never-committed partitions are in no sum: their lag is not zero, it does not exist. */
export function groupLag({ partitions, unread }: GroupReading): GroupLag {
  const known = partitions.flatMap((each) =>
    each.committed === undefined ? [] : [{ ...each, committed: each.committed }],
  )
  const totals = known.map(({ topic, partition, committed, logEnd, owned }) => ({
    topic,
    partition,
    lag: Math.max(0, logEnd - committed),
    owned,
  }))
  const all = partitions.length + unread.length
  return {
    total: totals.reduce((sum, { lag }) => sum + lag, 0),
    partitions: totals.toSorted(
      (a, b) => b.lag - a.lag || a.topic.localeCompare(b.topic) || a.partition - b.partition,
    ),
    uncommitted: partitions.filter(({ committed }) => committed === undefined),
    lost: known.flatMap(({ topic, partition, committed, logStart = 0, logEnd, owned }) =>
      logStart > committed && committed <= logEnd
        ? [{ topic, partition, lag: logEnd - committed, owned, messages: logStart - committed }]
        : [],
    ),
    truncated: known.filter(({ committed, logEnd }) => committed > logEnd),
    completeness: all === 0 ? 1 : partitions.length / all,
  }
}

/** `1,234 messages`. */
export function messages(count: number): string {
  return counted(count, 'message')
}

/** `1 partition`, `12 partitions`. */
export function counted(count: number, noun: string): string {
  return `${formatted(count)} ${noun}${count === 1 ? '' : 's'}`
}

/** Made once: making one takes longer than using it a hundred times. */
let wholeNumbers: Intl.NumberFormat | undefined

/** `1,234`. */
export function formatted(count: number): string {
  wholeNumbers ??= new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 })
  return wholeNumbers.format(count)
}
