import type { Counted } from './history.ts'

/** A value over the whole time that a trigger asks for. */
export interface Held {
  /** Milliseconds since the epoch. */
  readonly from: number
  readonly at: number
  readonly lowest: number
  readonly highest: number
}

export interface HeldRules {
  /** For how long. */
  readonly forMs: number
  /** Share of that time that must be measured: one gap does not end it. */
  readonly coverage: number
  /** Messages that must stand behind it together. */
  readonly atLeast: number
}

/** What was measured in a step, and how many messages stand behind it. */
export interface Weighed {
  readonly value: number
  readonly weight: number
}

/**
 * Whether a value was beyond a limit for as long as a trigger asks: at every step of that time that was measured, and
 * enough of it was. Undefined where it was not, or where nobody can say.
 *
 * @param isBeyond whether a value breaks the limit
 */
export function heldBeyond(
  steps: readonly Counted<Weighed>[],
  isBeyond: (value: number) => boolean,
  { forMs, coverage, atLeast }: HeldRules,
): Held | undefined {
  const first = steps[0]
  const last = steps.at(-1)
  if (first === undefined || last === undefined || last.at - first.from < forMs) return undefined
  const from = last.at - forMs
  const inside = steps.filter((step) => step.at > from)
  const measured = inside.flatMap((step) => step.value ?? [])
  const coveredMs = inside.reduce(
    (sum, step) => sum + (step.value === undefined ? 0 : step.at - Math.max(step.from, from)),
    0,
  )
  const weight = measured.reduce((sum, step) => sum + step.weight, 0)
  const values = measured.map(({ value }) => value)
  if (values.length === 0 || weight < atLeast || coveredMs < coverage * forMs) return undefined
  if (!values.every(isBeyond)) return undefined
  return { from, at: last.at, lowest: Math.min(...values), highest: Math.max(...values) }
}
