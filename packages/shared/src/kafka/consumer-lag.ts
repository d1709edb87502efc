import type { GroupReading } from '../decide/group-reading.ts'

/** How to ask brokers for the lag of groups by hand. */
export function consumerGroupsCommand(groups: readonly string[]): string {
  const named = groups.map((group) => `--group ${group}`).join(' ')
  return `kafka-consumer-groups --bootstrap-server $KAFKA_BROKER ${named} --describe`
}

/** Where consumer groups stand. */
export interface ConsumerLag {
  /** Where it reads, for people: `kafka at b-1:9092`. */
  readonly source: string
  /**
   * Every named group, as few requests as there are brokers. Two callers at the same moment get the same reading.
   *
   * @throws UserError where the source does not answer or refuses, naming the missing permission
   */
  read(groups: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, GroupReading>>
  /**
   * What the source remembers of the time before, oldest first: an exporter what Prometheus kept, a broker what this
   * process has read of it.
   */
  history(
    groups: readonly string[],
    since: Date,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, readonly GroupReading[]>>
  /** How to ask for the lag of groups by hand: a shell command, or PromQL. */
  byHand(groups: readonly string[]): string
  close(): Promise<void>
}
