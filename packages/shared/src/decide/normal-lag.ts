import { groupLag } from './group-lag.ts'
import type { GroupReading } from './group-reading.ts'
import { median, medianDeviation } from './median.ts'

/** What is normal for a group: the median of its totals, how far they usually are from it, and of how many readings. */
export interface NormalLag {
  readonly median: number
  readonly mad: number
  readonly points: number
}

/** What was normal, by readings before the deployment; undefined where no reading says anything. */
export function normalLag(readings: readonly GroupReading[]): NormalLag | undefined {
  const totals = readings
    .map((reading) => ({ reading, lag: groupLag(reading) }))
    .filter(({ reading, lag }) => reading.partitions.length > lag.uncommitted.length)
    .map(({ lag }) => lag.total)
  const [middle, mad] = [median(totals), medianDeviation(totals)]
  return middle === undefined || mad === undefined
    ? undefined
    : { median: middle, mad, points: totals.length }
}
