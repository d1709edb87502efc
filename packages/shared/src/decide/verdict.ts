/**
 * What a gate concluded, worst first.
 *
 * `unknown`: could not measure. `inconclusive`: measured, not enough to say. Neither is ever a pass.
 * `skipped`: the question does not apply here; always with a reason.
 */
export const verdicts = ['fail', 'unknown', 'inconclusive', 'warn', 'pass', 'skipped'] as const

export type Verdict = (typeof verdicts)[number]

/** The worst of several verdicts. Where nothing was asked, or all was skipped, nothing has been shown: `inconclusive`. */
export function worst(given: Iterable<Verdict>): Verdict {
  const seen = new Set(given)
  const found = verdicts.find((verdict) => seen.has(verdict))
  return found === undefined || found === 'skipped' ? 'inconclusive' : found
}
