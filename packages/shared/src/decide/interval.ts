/** Between which numbers the true one lies, as far as the sample says. */
export interface Interval {
  readonly lower: number
  readonly upper: number
}

/**
 * The share behind `hits` of `all` (Wilson's score interval): of use also for few events and for none.
 *
 * @param z standard deviations: with 1.645 the share is below `lower` in 5 of 100 samples
 */
export function wilson(hits: number, all: number, z: number): Interval {
  if (all <= 0) return { lower: 0, upper: 1 }
  const share = hits / all
  const middle = share + z ** 2 / (2 * all)
  const reach = z * Math.sqrt((share * (1 - share)) / all + z ** 2 / (4 * all ** 2))
  const size = 1 + z ** 2 / all
  return { lower: Math.max(0, (middle - reach) / size), upper: Math.min(1, (middle + reach) / size) }
}

/** The mean behind `events` that come by chance (Poisson's distribution, score interval); `z` as in `wilson`. */
export function poisson(events: number, z: number): Interval {
  const middle = events + z ** 2 / 2
  const reach = z * Math.sqrt(events + z ** 2 / 4)
  return { lower: Math.max(0, middle - reach), upper: middle + reach }
}
