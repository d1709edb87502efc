import type { GroupReading, PartitionLag, UnreadPartition } from '../decide/group-reading.ts'
import { UserError } from '../errors.ts'
import type { RangeSeries } from '../metrics/prometheus-api.ts'
import { partLabel } from '../metrics/promql.ts'
import type { ExporterNames, ExporterPart } from './exporter-query.ts'

interface Partition {
  readonly topic: string
  readonly partition: number
}

/** One partition over time: what waits in it, and what was committed. By the time in milliseconds. */
interface PartitionSeries extends Partition {
  readonly lag: ReadonlyMap<number, number>
  readonly committed: ReadonlyMap<number, number>
}

/**
 * What an exporter tells of one group, as a reading at each step of `grid` in which it tells anything. A partition that
 * it told of within `memoryMs` before, and does not now, is unread; one without a committed offset as well: the number
 * alone does not say whether the group works.
 *
 * @param series the answer to `exporterQuery`
 * @throws UserError where the series lack the labels of the runbook file
 */
export function exporterReadings(
  group: string,
  series: readonly RangeSeries[],
  names: ExporterNames,
  grid: readonly number[],
  memoryMs: number,
): GroupReading[] {
  const own = series.filter(({ labels }) => labels[names.labels.group] === group)
  const partitions = partitionsOf(group, own, names)
  const members = own.find((each) => isPart(each, 'members'))?.values
  const lastTold = new Map<PartitionSeries, number>()
  return grid.flatMap((at): GroupReading[] => {
    const told: PartitionLag[] = []
    const unread: UnreadPartition[] = []
    for (const each of partitions) {
      const { topic, partition } = each
      const before = lastTold.get(each)
      const stand = standAt(each, at, names)
      if (stand === undefined) {
        if (before !== undefined && at - before <= memoryMs)
          unread.push({ topic, partition, why: `no value since ${timeOf(before)}` })
        continue
      }
      lastTold.set(each, at)
      if (typeof stand === 'string') unread.push({ topic, partition, why: stand })
      else told.push({ topic, partition, logStart: undefined, owned: undefined, ...stand })
    }
    const isTold = partitions.some(({ lag }) => lag.has(at))
    const count = members?.get(at)
    return isTold
      ? [
          {
            group,
            at,
            protocol: 'unknown',
            state: count === 0 ? 'empty' : 'unknown',
            members: count,
            membership: undefined,
            partitions: told,
            unread,
          },
        ]
      : []
  })
}

/** Undefined where nothing is told, a reason where that is too little. */
function standAt(
  { lag, committed }: PartitionSeries,
  at: number,
  { committed: { name } }: ExporterNames,
): Pick<PartitionLag, 'committed' | 'logEnd'> | string | undefined {
  const [waiting, offset] = [lag.get(at), committed.get(at)]
  if (waiting === undefined) return undefined
  if (offset === undefined) return `Prometheus has no ${name} of it`
  // An exporter writes -1 for what was never committed. It does not say where such a log ends.
  if (offset < 0) return { committed: undefined, logEnd: 0 }
  // It reads offsets and ends of logs at different times: then the difference may be below 0.
  return { committed: offset, logEnd: offset + Math.max(0, waiting) }
}

function partitionsOf(
  group: string,
  series: readonly RangeSeries[],
  names: ExporterNames,
): PartitionSeries[] {
  const nothing: ReadonlyMap<number, number> = new Map()
  const found = new Map<string, PartitionSeries>()
  for (const each of series.filter((one) => isPart(one, 'lag') || isPart(one, 'committed'))) {
    const place = placeOf(group, each, names)
    const key = `${place.topic}/${place.partition}`
    const known = found.get(key) ?? { ...place, lag: nothing, committed: nothing }
    found.set(key, { ...known, [isPart(each, 'lag') ? 'lag' : 'committed']: each.values })
  }
  return [...found.values()].toSorted((a, b) => a.topic.localeCompare(b.topic) || a.partition - b.partition)
}

function placeOf(group: string, { labels }: RangeSeries, { lag, labels: names }: ExporterNames): Partition {
  const topic = labels[names.topic] ?? ''
  const number = labels[names.partition] ?? ''
  if (topic !== '' && /^\d{1,9}$/.test(number)) return { topic, partition: Number(number) }
  const missing = topic === '' ? names.topic : names.partition
  throw new UserError(
    `${lag.name} of the consumer group ${group} has no label "${missing}" that names a ${topic === '' ? 'topic' : 'partition'}.`,
    'Say how the exporter calls its labels: kafka.exporter.labels.',
  )
}

function isPart({ labels }: RangeSeries, part: ExporterPart): boolean {
  return labels[partLabel] === part
}

/** `14:03:30 UTC`. */
export function timeOf(at: number): string {
  return `${new Date(at).toISOString().slice(11, 19)} UTC`
}
