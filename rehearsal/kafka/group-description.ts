/** One row of `kafka-consumer-groups --describe`; undefined is what it shows as `-`. */
export interface DescribedPartition {
  readonly group: string
  readonly topic: string
  readonly partition: number
  readonly committed: number | undefined
  readonly logEnd: number
  readonly lag: number | undefined
}

/** What `kafka-consumer-groups --describe` printed, row by row. */
export function describedPartitions(printed: string): DescribedPartition[] {
  return printed.split('\n').flatMap((line) => {
    const [group, topic, partition, committed, logEnd, lag] = line.trim().split(/\s+/)
    if (group === undefined || topic === undefined || !/^\d+$/.test(partition ?? '')) return []
    const number = (text: string | undefined): number | undefined =>
      text === undefined || text === '-' ? undefined : Number(text)
    return [
      {
        group,
        topic,
        partition: Number(partition),
        committed: number(committed),
        logEnd: Number(logEnd),
        lag: number(lag),
      },
    ]
  })
}
