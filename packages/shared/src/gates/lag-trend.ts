import { setTimeout as sleep } from 'node:timers/promises'
import { messages } from '../decide/group-lag.ts'
import { judgeReading, type LagFinding } from '../decide/lag-reading.ts'
import { judgeTrend, type LagTrendKind } from '../decide/lag-trend.ts'
import type { Verdict } from '../decide/verdict.ts'
import { consumerGroups, sleepingGroups } from '../runbook/consumer-groups.ts'
import type { Runbook } from '../runbook/schema.ts'
import { noGroups } from './consumer-lag.ts'
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

/** Waits between two readings; rejects when the signal aborts. */
export type Wait = (ms: number, signal: AbortSignal) => Promise<void>

/** What is found only once more is no finding: a burst of traffic looks like growth while it lasts. */
const confirmations = 3
/** For the readings themselves. */
const marginMs = 60_000

const verdictOf: Readonly<Record<LagTrendKind, Verdict>> = {
  'rebalance-storm': 'fail',
  rewind: 'fail',
  stall: 'fail',
  breach: 'fail',
  growing: 'fail',
  elevated: 'fail',
  recovering: 'pass',
  stable: 'pass',
  'too-early': 'inconclusive',
}

/** Whether the group keeps up with the new version: one reading cannot tell, so it takes them over some minutes. */
export function lagTrendGate(wait: Wait): Gate<'lag'> {
  return {
    name: 'lag-trend',
    question: 'Check consumer lag not increasing: LAG stable or decreasing',
    occasions: ['post-deploy', 'soak', 'critical', 'important'],
    mode: (runbook) => runbook.gates.consumerLag.mode,
    query: ({ runbook, record, lag }) => lag.byHand(consumerGroups(runbook, record.environment)),
    patienceMs: longestMs,
    async measure(context, signal) {
      if (consumerGroups(context.runbook, context.record.environment).length === 0) return noGroups
      // In a watch the looks before this one are the past.
      return context.occasion === 'post-deploy'
        ? overTime(context, wait, signal)
        : answer(await lookAtGroups(context, 'lag-trend', signal), context)
    },
  }
}

export const lagTrend = lagTrendGate((ms, signal) => sleep(ms, undefined, { signal }))

/** As long as it may take where it is asked once. */
function longestMs(runbook: Runbook): number {
  const { trend, rebalanceCap, every } = runbook.gates.consumerLag
  return (firstReadingMs(runbook) ?? 0) + trend + rebalanceCap + (confirmations + 1) * every + marginMs
}

/**
 * Reads until the trend time is over. What is bad then must be bad in the next readings, too; what cannot be told yet,
 * because members have just changed, is read on for as long as readings may be left out.
 */
async function overTime(context: GateContext<'lag'>, wait: Wait, signal: AbortSignal): Promise<Answer> {
  const { clock, runbook } = context
  const { every, trend, rebalanceCap } = runbook.gates.consumerLag
  // The time runs from the first reading, for which a Job has to start where the brokers are private.
  const latestBegin = clock.now().getTime() + (firstReadingMs(runbook) ?? 0)
  let begun: number | undefined
  let bad = 0
  for (;;) {
    const startedAt = clock.now().getTime()
    const isLate = startedAt - (begun ?? latestBegin) >= trend + rebalanceCap
    try {
      const looks = await lookAtGroups(context, 'lag-trend', signal)
      begun ??= Math.min(
        latestBegin,
        clock.now().getTime(),
        ...looks.flatMap(({ points }) => points[0]?.at ?? []),
      )
      const found = answer(looks, context)
      if (startedAt - begun >= trend) {
        if (found.verdict === 'pass' || found.verdict === 'unknown') return found
        bad = found.verdict === 'fail' ? bad + 1 : 0
        if (bad >= confirmations || (bad === 0 && isLate)) return found
      }
    } catch (error) {
      // A broker that restarts costs a reading.
      signal.throwIfAborted()
      if (isLate) throw error
    }
    // Two readings right after each other say nothing of a trend.
    await wait(Math.max(every / 2, startedAt + every - clock.now().getTime()), signal)
  }
}

function answer(looks: readonly GroupLook[], context: GateContext<'lag'>): Answer {
  const findings = looks.map((look) => ({ look, ...judge(look, context) }))
  const { verdict, told } = ofGroups(findings)
  const before = looks.flatMap(({ group }) => normalOf(context, group)?.median ?? [])
  const history = historyOfLooks(looks, context)
  return {
    verdict,
    answer: told.map(({ sentence }) => sentence).join(' '),
    value: messages(Math.max(...looks.map(({ lag }) => lag.total))),
    limit: 'stable or falling',
    evidence: lagEvidence(looks, context.lag.source),
    ...(before.length > 0 && { before: messages(Math.max(...before)) }),
    ...(history !== undefined && { history }),
  }
}

function judge(
  { group, reading, lag, points }: GroupLook,
  context: GateContext<'lag'>,
): Pick<LagFinding, 'verdict' | 'sentence'> {
  const { max, completeness, uncommitted } = context.runbook.gates.consumerLag
  // Right after the rollout it is held awake.
  const maySleep =
    context.occasion !== 'post-deploy' &&
    sleepingGroups(context.runbook, context.record.environment).has(group)
  const limits = { max, completeness, uncommitted, afterRollout: true, maySleep }
  const single = judgeReading(reading, lag, limits)
  // How much waits is another question; whether that means anything is this one, too.
  if (single.kind !== 'above' && single.verdict !== 'pass') return single
  const { kind, sentence } = judgeTrend(group, points, trendLimits(context, group))
  return { verdict: verdictOf[kind], sentence }
}
