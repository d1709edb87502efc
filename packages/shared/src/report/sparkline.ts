const bars = ['▁', '▂', '▃', '▄', '▅', '▆', '▇'] as const
const gap = '·'

export interface SparklineOptions {
  /** The top of the scale where no value is higher, so that what is far below its limit looks low. */
  readonly limit?: number
  /** Characters; more values are put together, and the highest of them is shown. */
  readonly width?: number
}

/** Values as bars above zero: `▂▂▃·▂▁▂`. What was not measured (`null`, not finite) is a gap, never a zero. */
export function sparkline(
  values: readonly (number | null)[],
  { limit = 0, width = 12 }: SparklineOptions = {},
): string {
  const points = highestPerSlot(values, width)
  const top = Math.max(limit, ...points.filter((point) => point !== null))
  return points.map((point) => (point === null ? gap : barOf(point, top))).join('')
}

function barOf(value: number, top: number): string {
  const level = top > 0 ? Math.ceil((value / top) * bars.length) - 1 : 0
  return bars[Math.min(bars.length - 1, Math.max(0, level))] ?? bars[0]
}

function highestPerSlot(values: readonly (number | null)[], width: number): (number | null)[] {
  const slots = Math.min(width, values.length)
  return Array.from({ length: slots }, (_, slot) => {
    const start = Math.floor((slot * values.length) / slots)
    const end = Math.floor(((slot + 1) * values.length) / slots)
    const measured = values.slice(start, end).filter((value) => value !== null && Number.isFinite(value))
    return measured.length === 0 ? null : Math.max(...(measured as number[]))
  })
}
