import { median } from './median.ts'

/** A value at a time, in milliseconds since the epoch. */
export interface Sample {
  readonly at: number
  readonly value: number
}

/**
 * Whether values rise, by the test of Mann and Kendall: how many pairs rise more than fall, in standard deviations of
 * what chance makes of it. Above 2.33 chance does so in one of a hundred series. It looks at order alone, so that no
 * single value decides.
 */
export function mannKendall(values: readonly number[]): number {
  const n = values.length
  let score = 0
  for (let later = 1; later < n; later += 1) {
    for (let earlier = 0; earlier < later; earlier += 1) {
      score += Math.sign((values[later] ?? 0) - (values[earlier] ?? 0))
    }
  }
  const deviation = Math.sqrt((n * (n - 1) * (2 * n + 5)) / 18)
  return deviation === 0 ? 0 : (score - Math.sign(score)) / deviation
}

/**
 * How fast values rise per millisecond, by Theil and Sen: the median of the slopes between all pairs, which a quarter of
 * wild values does not move. 0 where there are no two times.
 */
export function theilSen(samples: readonly Sample[]): number {
  const slopes: number[] = []
  for (const [index, later] of samples.entries()) {
    for (const earlier of samples.slice(0, index)) {
      if (later.at > earlier.at) slopes.push((later.value - earlier.value) / (later.at - earlier.at))
    }
  }
  return median(slopes) ?? 0
}
