import type { Counted } from '../decide/history.ts'

/** What Prometheus says of one component and one step (`promql.ts`); undefined where it says nothing. */
export interface StepParts<T> {
  readonly count: T | undefined
  /** Targets that have the series, and that had it and are silent although they are still there. */
  readonly seen: number | undefined
  readonly lost: number | undefined
  /** Targets that were scraped, with the series or not. */
  readonly scraped: number | undefined
}

export interface StepRules<T> {
  readonly stepMs: number
  /** Longer silence is not bridged. */
  readonly memoryMs: number
  /** Share of the targets that must be seen for a step to be measured. */
  readonly coverage: number
  readonly zero: T
  readonly add: (a: T, b: T) => T
}

/**
 * The steps of one component, oldest first. Where too few of its targets were seen, a step is a gap; what was counted
 * in gaps goes into the next measured step, which begins where the last one ended. Thus nothing is lost, and what a
 * longer time has brought together is not taken for one step's.
 */
export function countedSteps<T>(
  steps: readonly (StepParts<T> & { readonly at: number })[],
  rules: StepRules<T>,
): Counted<T>[] {
  const { stepMs, memoryMs, zero, add } = rules
  let carried = zero
  const [first] = steps
  let measuredUntil = first === undefined ? 0 : first.at - stepMs
  return steps.map((step, index) => {
    const { at, count, seen = 0 } = step
    if (!isMeasured(step, rules)) {
      if (count !== undefined) carried = add(carried, count)
      // What there was before the span may be in the first step that is measured.
      if (index === 0) measuredUntil = at - stepMs - memoryMs
      return { from: at - stepMs, at, value: undefined }
    }
    if (seen > 0 && count === undefined) {
      // Nothing of it is known from before, and it is not new either: counting begins here.
      measuredUntil = at
      carried = zero
      return { from: at - stepMs, at, value: undefined }
    }
    const counted = { from: measuredUntil, at, value: add(carried, count ?? zero) }
    measuredUntil = at
    carried = zero
    return counted
  })
}

function isMeasured<T>({ seen = 0, lost = 0, scraped = 0 }: StepParts<T>, rules: StepRules<T>): boolean {
  const known = seen + lost
  return known === 0 ? scraped > 0 : seen / known >= rules.coverage
}
