/** How a ratio is drawn, and kept as what was normal: `offset + scale · ratio`, in a unit. */
export interface ChartUnit {
  readonly unit: string
  readonly scale: number
  readonly offset: number
}

/** Shares are drawn in percent. */
export const percentUnit: ChartUnit = { unit: '%', scale: 100, offset: 0 }
/** What succeeds, where what fails is counted. */
export const successUnit: ChartUnit = { unit: '%', scale: -100, offset: 100 }
export const secondsUnit: ChartUnit = { unit: 's', scale: 1, offset: 0 }
export const perMinuteUnit: ChartUnit = { unit: 'per minute', scale: 1, offset: 0 }

/** A ratio as it is drawn. */
export function drawn({ scale, offset }: ChartUnit, ratio: number): number {
  return offset + scale * ratio
}

/** The ratio behind what is drawn. */
export function ratioBehind({ scale, offset }: ChartUnit, value: number): number {
  return (value - offset) / scale
}
