import { formatted, messages } from '../decide/group-lag.ts'
import { judgeReading } from '../decide/lag-reading.ts'
import { judgeTrend } from '../decide/lag-trend.ts'
import { normalLag, type NormalLag } from '../decide/normal-lag.ts'
import type { Verdict } from '../decide/verdict.ts'
import { judgeAbove } from '../decide/watched-lag.ts'
import type { Baseline } from '../record/gate-result.ts'
import { watchStages } from '../record/schema.ts'
import { consumerGroups, sleepingGroups } from '../runbook/consumer-groups.ts'
import type { Answer, Gate, GateContext } from './gate.ts'
import {
  firstReadingMs,
  historyOfLooks,
  lookAtGroups,
  normalOf,
  ofGroups,
  trendLimits,
  type GroupLook,
} from './group-looks.ts'
import { lagEvidence } from './lag-evidence.ts'

/** How far the consumers are behind: the first thing that tells whether the pipeline is well. */
export const consumerLag: Gate<'lag'> = {
  name: 'consumer-lag',
  question: 'Consumer lag < 5,000 messages',
  occasions: ['preflight', 're-check', 'soak', 'critical', 'important'],
  isRecordedOnlyForHotfix: true,
  mode: (runbook) => runbook.gates.consumerLag.mode,
  patienceMs: firstReadingMs,
  query: ({ runbook, record, lag }) => lag.byHand(consumerGroups(runbook, record.environment)),
  async measure(context, signal) {
    const { runbook, record, occasion } = context
    const groups = consumerGroups(runbook, record.environment)
    if (groups.length === 0) return noGroups
    const looks = await lookAtGroups(context, 'consumer-lag', signal)
    const isWatched = watchStages.some((stage) => stage === occasion)
    const findings = looks.map((look) => ({ look, ...judge(look, context, isWatched) }))
    const { verdict, told } = ofGroups(findings)
    const highest = Math.max(...looks.map(({ lag }) => lag.total))
    const more = isWatched ? inWatch(looks, context) : await baselineNow(context, groups, signal)
    const triggers = findings.flatMap(({ trigger }) => trigger ?? [])
    return {
      verdict,
      answer: told.map(({ sentence }) => sentence).join(' '),
      value: messages(highest),
      limit: `< ${formatted(runbook.gates.consumerLag.max)}`,
      evidence: lagEvidence(looks, context.lag.source),
      ...more,
      ...(isWatched && triggers.length > 0 && { trigger: triggers.join(' ') }),
    }
  },
}

/** Where no component has a consumer group, there is no lag. */
export const noGroups: Answer = {
  verdict: 'skipped',
  answer: 'No component of the runbook file has a consumer group.',
}

interface Finding {
  readonly verdict: Verdict
  readonly sentence: string
  readonly trigger?: string
}

function judge(
  { group, reading, lag, points }: GroupLook,
  context: GateContext<'lag'>,
  isWatched: boolean,
): Finding {
  const { max, completeness, uncommitted } = context.runbook.gates.consumerLag
  const maySleep = sleepingGroups(context.runbook, context.record.environment).has(group)
  const limits = { max, completeness, uncommitted, afterRollout: isWatched, maySleep }
  const single = judgeReading(reading, lag, limits)
  if (!isWatched) return single
  const trend = judgeTrend(group, points, trendLimits(context, group))
  if (trend.kind === 'breach') return { verdict: 'fail', sentence: trend.sentence, trigger: trend.sentence }
  return single.kind === 'above' ? judgeAbove(group, points, max) : single
}

/** What it was before the deployment, and how it went since. */
function inWatch(looks: readonly GroupLook[], context: GateContext<'lag'>): Partial<Answer> {
  const before = looks.flatMap(({ group }) => normalOf(context, group)?.median ?? [])
  const history = historyOfLooks(looks, context)
  return {
    ...(before.length > 0 && { before: messages(Math.max(...before)) }),
    ...(history !== undefined && { history }),
  }
}

/** What is normal of the groups until now, as far as the source and this process know. */
async function baselineNow(
  { lag, clock, runbook }: GateContext<'lag'>,
  groups: readonly string[],
  signal: AbortSignal,
): Promise<{ readonly baseline?: Baseline }> {
  const to = clock.now()
  const from = new Date(to.getTime() - runbook.gates.consumerLag.baseline)
  const past = await lag.history(groups, from, signal)
  const each = groups.flatMap((group): [string, NormalLag][] => {
    const normal = normalLag(past.get(group) ?? [])
    return normal === undefined ? [] : [[group, normal]]
  })
  const highest = each.map(([, normal]) => normal).toSorted((a, b) => b.median - a.median)[0]
  if (highest === undefined) return {}
  const times = [...past.values()].flat().map(({ at }) => at)
  return {
    baseline: {
      from: new Date(Math.min(...times)).toISOString(),
      to: to.toISOString(),
      ...highest,
      unit: 'messages',
      source: lag.source,
      ...(groups.length > 1 && { each: Object.fromEntries(each) }),
    },
  }
}
