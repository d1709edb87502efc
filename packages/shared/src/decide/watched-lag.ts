import { formatted, messages } from './group-lag.ts'
import type { LagPoint } from './lag-trend.ts'
import type { Verdict } from './verdict.ts'

/** As many readings above the limit in a row are no swing. */
const sustained = 3

/**
 * Judges lag above its limit while a release is watched: what drains, or has only just begun, is waited for; what stays
 * above is a failure.
 *
 * @param points in the order of time; the last one is above the limit
 */
export function judgeAbove(
  group: string,
  points: readonly LagPoint[],
  max: number,
): { readonly verdict: Verdict; readonly sentence: string } {
  const latest = points.slice(-sustained)
  const total = latest.at(-1)?.total ?? 0
  const behind = `${group} is ${messages(total)} behind, with a limit of ${formatted(max)}`
  const stays = latest.length === sustained && latest.every((point) => point.total >= max)
  if (!stays) return { verdict: 'inconclusive', sentence: `${behind}; one reading alone is no trend.` }
  const falls = latest.every((point, index) => index === 0 || point.total < (latest[index - 1]?.total ?? 0))
  return falls
    ? { verdict: 'inconclusive', sentence: `${behind}, and falling.` }
    : { verdict: 'fail', sentence: `${behind}, in ${sustained} readings in a row.` }
}
