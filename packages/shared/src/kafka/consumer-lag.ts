/** Where one partition of a topic stands for one group. Offsets are exact up to 2^53. */
export interface PartitionLag {
  readonly topic: string
  readonly partition: number
  /** The next offset that the group will read; undefined where it never committed one. */
  readonly committed: number | undefined
  /** The oldest offset that is still kept: above `committed` where retention was faster than the group. */
  readonly logStart: number
  /** The high watermark, not the last stable offset: a hanging transaction must not hide what waits behind it. */
  readonly logEnd: number
}

export type GroupState = 'stable' | 'rebalancing' | 'empty' | 'dead' | 'unknown'

/** One reading of a consumer group, all its partitions at the same time. */
export interface GroupReading {
  readonly group: string
  /** Milliseconds since the epoch. */
  readonly at: number
  /** `unknown` where the source cannot tell, as an exporter. */
  readonly protocol: 'classic' | 'consumer' | 'share' | 'unknown'
  readonly state: GroupState
  /** Undefined where the source cannot tell. */
  readonly members: number | undefined
  /** Topics that the group has committed offsets of, or that its members own. */
  readonly partitions: readonly PartitionLag[]
  /** Partitions that could not be read, and why: a leader that is gone, no permission. */
  readonly unread: readonly { readonly topic: string; readonly partition: number; readonly why: string }[]
}

/** Where consumer groups stand. */
export interface ConsumerLag {
  /** Where it reads, for people: `kafka at b-1:9092`. */
  readonly source: string
  /**
   * Every named group, as few requests as there are brokers.
   *
   * @throws UserError where the source does not answer or refuses, naming the missing permission
   */
  read(groups: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, GroupReading>>
  /** What the source remembers of the time before; empty where it knows only the present, as a broker does. */
  history(
    groups: readonly string[],
    since: Date,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, readonly GroupReading[]>>
  close(): Promise<void>
}
