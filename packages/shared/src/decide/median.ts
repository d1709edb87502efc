/** The middle of the values; undefined where there are none. */
export function median(values: readonly number[]): number | undefined {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  const above = sorted[Math.floor(middle)]
  const below = sorted[Math.ceil(middle) - 1]
  return above === undefined || below === undefined ? undefined : (above + below) / 2
}

/** How far values usually are from their median: the median absolute deviation. */
export function medianDeviation(values: readonly number[]): number | undefined {
  const middle = median(values)
  return middle === undefined ? undefined : median(values.map((value) => Math.abs(value - middle)))
}
