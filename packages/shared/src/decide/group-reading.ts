/** Where one partition of a topic stands for one group. Offsets are exact up to 2^53. */
export interface PartitionLag {
  readonly topic: string
  readonly partition: number
  /** The next offset that the group will read; undefined where it never committed one. */
  readonly committed: number | undefined
  /** The oldest offset that is still kept: above `committed` where retention was faster than the group. Undefined where the source cannot tell. */
  readonly logStart: number | undefined
  /**
   * The high watermark, not the last stable offset: a hanging transaction must not hide what waits behind it. 0 where a
   * source does not tell it, of partitions that were never committed.
   */
  readonly logEnd: number
  /** Whether a member of the group owns it; undefined where the source cannot tell. */
  readonly owned: boolean | undefined
}

export type GroupState = 'stable' | 'rebalancing' | 'empty' | 'dead' | 'unknown'

export type GroupProtocol = 'classic' | 'consumer' | 'share' | 'streams' | 'unknown'

/** A partition that could not be read, and why: a leader that is gone, no permission. */
export interface UnreadPartition {
  readonly topic: string
  readonly partition: number
  readonly why: string
}

/** One reading of a consumer group, all its partitions at the same time. */
export interface GroupReading {
  readonly group: string
  /** Milliseconds since the epoch. */
  readonly at: number
  /** `unknown` where the source cannot tell, as an exporter. */
  readonly protocol: GroupProtocol
  readonly state: GroupState
  /** Undefined where the source cannot tell. */
  readonly members: number | undefined
  /** Changes whenever members come, go or own something else; undefined where the source cannot tell. */
  readonly membership: string | undefined
  /** All partitions of the topics that the group has committed offsets of, or that its members own. */
  readonly partitions: readonly PartitionLag[]
  readonly unread: readonly UnreadPartition[]
}
