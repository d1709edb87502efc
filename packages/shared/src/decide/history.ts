/** What one series said over time, oldest first. Times are in milliseconds since the epoch. */
export type History<T> = readonly Point<T>[]

/** One point of a history. `undefined` where nothing could be measured: a gap, never a zero. */
export interface Point<T> {
  readonly at: number
  readonly value: T | undefined
}

/** What was counted from `from` until `at`: the increase of a counter, resets of single pods taken out. */
export interface Counted<T = number> extends Point<T> {
  readonly from: number
}
