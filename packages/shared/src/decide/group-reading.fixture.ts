import type { GroupReading, PartitionLag } from './group-reading.ts'

/** A partition that keeps everything from its beginning and is owned by a member. */
export function partitionOf(given: Partial<PartitionLag> = {}): PartitionLag {
  return { topic: 'events', partition: 0, committed: 100, logStart: 0, logEnd: 100, owned: true, ...given }
}

/** A reading of a live group; `lags` are those of its partitions, each of 1,000 messages. */
export function readingOf(
  lags: readonly (number | undefined)[],
  given: Partial<GroupReading> = {},
): GroupReading {
  return {
    group: 'xact-download-worker',
    at: 0,
    protocol: 'classic',
    state: 'stable',
    members: 3,
    membership: 'a',
    partitions: lags.map((lag, partition) =>
      partitionOf({ partition, logEnd: 1_000, committed: lag === undefined ? undefined : 1_000 - lag }),
    ),
    unread: [],
    ...given,
  }
}
