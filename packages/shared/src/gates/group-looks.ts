import { groupLag, type GroupLag } from '../decide/group-lag.ts'
import type { GroupReading } from '../decide/group-reading.ts'
import { lagPoint, type LagPoint, type TrendLimits } from '../decide/lag-trend.ts'
import type { NormalLag } from '../decide/normal-lag.ts'
import { worst, type Verdict } from '../decide/verdict.ts'
import { lastPhase } from '../record/append.ts'
import { baselineOf } from '../record/baseline.ts'
import type { GateHistory } from '../record/gate-result.ts'
import type { DeploymentRecord } from '../record/schema.ts'
import { consumerGroups } from '../runbook/consumer-groups.ts'
import type { Runbook } from '../runbook/schema.ts'
import { UserError } from '../errors.ts'
import type { GateContext } from './gate.ts'

/** A consumer group as it stands, and what it has been doing since the rollout. */
export interface GroupLook {
  readonly group: string
  readonly reading: GroupReading
  readonly lag: GroupLag
  /** Since the rollout, in the order of time; the last one is `reading`, unless nothing was committed. */
  readonly points: readonly LagPoint[]
}

/**
 * Reads every group once, and adds what is known of the time since the rollout: what the source remembers, and before
 * that what the record kept of a process that has ended.
 */
export async function lookAtGroups(
  context: GateContext<'lag'>,
  gate: string,
  signal: AbortSignal,
): Promise<readonly GroupLook[]> {
  const { runbook, record, lag } = context
  const groups = consumerGroups(runbook, record.environment)
  const since = watchedSince(context)
  const readings = await lag.read(groups, signal)
  const past = await lag.history(groups, since, signal)
  return groups.map((group) => {
    const reading = readings.get(group)
    if (reading === undefined)
      throw new UserError(`${lag.source} says nothing of the consumer group ${group}.`)
    const remembered = (past.get(group) ?? []).filter(({ at }) => at < reading.at)
    const known = [...remembered, reading].flatMap((each) => lagPoint(each) ?? [])
    const begins = known[0]?.at ?? reading.at
    const recorded = recordedTotals(record, gate, group, groups.length).filter(
      ({ at }) => at >= since.getTime() && at < begins,
    )
    return { group, reading, lag: groupLag(reading), points: [...recorded, ...known] }
  })
}

/** The verdict of several groups, and the findings to tell; skipped only where each group is. */
export function ofGroups<Finding extends { readonly verdict: Verdict }>(
  findings: readonly Finding[],
): { readonly verdict: Verdict; readonly told: readonly Finding[] } {
  const isSkipped = findings.every((each) => each.verdict === 'skipped')
  const verdict = isSkipped ? 'skipped' : worst(findings.map((each) => each.verdict))
  return {
    verdict,
    told: verdict === 'pass' ? findings : findings.filter((each) => each.verdict === verdict),
  }
}

/** For the way of a first line through the API server. */
const jobMarginMs = 15_000

/** How long the first reading may take where a Job has to start for it; undefined where nothing has. */
export function firstReadingMs({ kafka }: Runbook): number | undefined {
  if (kafka?.source !== 'job') return undefined
  return kafka.job.deadline + kafka.connectTimeout + kafka.requestTimeout + jobMarginMs
}

/** When the rollout had ended. */
export function watchedSince({ since, record }: Pick<GateContext<'lag'>, 'since' | 'record'>): Date {
  return since ?? new Date(lastPhase(record, 'rollout')?.endedAt ?? record.openedAt)
}

/** The totals of a group in the latest history that the record holds of a gate. */
function recordedTotals(record: DeploymentRecord, gate: string, group: string, groups: number): LagPoint[] {
  const answers = [...record.phases.flatMap(({ gates }) => gates), ...(record.watch?.gates ?? [])]
  const history = answers.findLast((each) => each.gate === gate && each.history !== undefined)?.history
  if (history === undefined) return []
  // Of one group its own history is the whole one.
  const values = history.each?.[group] ?? (groups === 1 ? history.values : [])
  const from = Date.parse(history.from)
  return values.flatMap((total, step) =>
    total === null ? [] : [{ at: from + step * history.stepMs, total }],
  )
}

/** What trends of a group are held against. */
export function trendLimits(context: GateContext<'lag'>, group: string): TrendLimits {
  const { runbook } = context
  const { trend, rebalanceCap, floor, max } = runbook.gates.consumerLag
  const trigger = runbook.rollback.triggers.find((each) => each.gate === 'consumer-lag')
  return {
    trendMs: trend,
    rebalanceCapMs: rebalanceCap,
    floor,
    max,
    since: watchedSince(context).getTime(),
    normal: normalOf(context, group),
    growsBy: trigger?.growsBy,
  }
}

/** What was normal of a group before the deployment, as preflight measured it. */
export function normalOf(
  { record, runbook }: Pick<GateContext, 'record' | 'runbook'>,
  group: string,
): NormalLag | undefined {
  const baseline = baselineOf(record, 'consumer-lag')
  if (baseline === undefined) return undefined
  const known = baseline.each?.[group]
  if (known !== undefined) return known
  return consumerGroups(runbook, record.environment).length === 1 ? baseline : undefined
}

/** The totals over the watched time, at equal steps; the values are those of the group that is furthest behind. */
export function historyOfLooks(
  looks: readonly GroupLook[],
  { since, record, runbook }: GateContext<'lag'>,
): GateHistory | undefined {
  const { every } = runbook.watch
  const from = watchedSince({ record, ...(since !== undefined && { since }) }).getTime()
  const steps = Math.max(...looks.flatMap(({ points }) => points.map(({ at }) => stepOf(at, from, every))))
  if (!Number.isFinite(steps)) return undefined
  const each = looks.map(({ group, points }) => {
    const values: (number | null)[] = Array.from({ length: steps + 1 }, () => null)
    for (const { at, total } of points) values[stepOf(at, from, every)] = total
    return [group, values] as const
  })
  return {
    from: new Date(from).toISOString(),
    stepMs: every,
    values: Array.from({ length: steps + 1 }, (_, step) => {
      const known = each.flatMap(([, values]) => values[step] ?? [])
      return known.length === 0 ? null : Math.max(...known)
    }),
    unit: 'messages',
    limit: runbook.gates.consumerLag.max,
    ...(looks.length > 1 && { each: Object.fromEntries(each) }),
  }
}

function stepOf(at: number, from: number, stepMs: number): number {
  return Math.max(0, Math.round((at - from) / stepMs))
}
