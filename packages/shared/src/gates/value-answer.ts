import { heldBeyond } from '../decide/held.ts'
import type { Counted, History } from '../decide/history.ts'
import { judgeValues, type ValueJudgement } from '../decide/judge-values.ts'
import { median, medianDeviation } from '../decide/median.ts'
import { baselineOf } from '../record/baseline.ts'
import { humanDuration } from '../runbook/durations.ts'
import type { Answer, GateContext } from './gate.ts'
import { drawn, ratioBehind, type ChartUnit } from './chart-unit.ts'
import type { SustainedTrigger } from './metric-gate.ts'
import { inOneLook, isWatched, judging, spanOf, underKey } from './metric-span.ts'
import { historyOf } from './metric-text.ts'
import { timeSpan } from '../runbook/spoken-time.ts'

/** A team's own query in place of what a gate would count. */
export interface OwnQuery {
  readonly gate: string
  readonly query: string
  readonly limit: number
  readonly limitText: string
  /** `below`: a value under the limit breaks it. */
  readonly breaks: 'above' | 'below'
  readonly show: (value: number) => string
  readonly chart: ChartUnit
  readonly triggers: readonly SustainedTrigger[]
}

/** The answer of a gate whose query is the team's own. */
export async function ownQueryAnswer(
  context: GateContext<'metrics'>,
  own: OwnQuery,
  signal: AbortSignal,
): Promise<Answer> {
  const { metrics, record, runbook } = context
  const history = await inOneLook(context, signal, (inLook) =>
    underKey(`gates.${own.gate}.query`, metrics.custom(own.query, spanOf(context), inLook)),
  )
  const steps = stepsOf(history, metrics.stepMs)
  const isBeyond = beyond(own, own.limit)
  const { recentMs, coverage } = judging(context)
  const judgement = judgeValues(steps, { isBeyond, recentMs, coverage })
  const before = baselineOf(record, own.gate)
  const chart = historyOf(
    steps.map(({ value, ...times }) => ({
      ...times,
      value: value === undefined ? undefined : drawn(own.chart, value),
    })),
    {
      unit: own.chart.unit,
      ...(Number.isFinite(own.limit) && { limit: drawn(own.chart, own.limit) }),
    },
  )
  const trigger = isWatched(context.occasion) ? triggerOf(own, steps, runbook.window.timeZone) : undefined
  const baseline = context.occasion === 'preflight' ? baselineFrom(steps, own, metrics.source) : undefined
  return {
    verdict: judgement.verdict,
    answer: sentence(own, judgement),
    ...(judgement.value !== undefined && { value: own.show(judgement.value) }),
    limit: own.limitText,
    ...(before !== undefined && { before: own.show(ratioBehind(own.chart, before.median)) }),
    ...(baseline !== undefined && { baseline }),
    ...(chart !== undefined && { history: chart }),
    ...(trigger !== undefined && { trigger }),
  }
}

function stepsOf(history: History<number>, stepMs: number): Counted[] {
  return history.map(({ at, value }) => ({ from: at - stepMs, at, value }))
}

function beyond({ breaks }: OwnQuery, limit: number): (value: number) => boolean {
  return breaks === 'above' ? (value) => value >= limit && value > 0 : (value) => value < limit
}

function sentence(own: OwnQuery, { reason, value }: ValueJudgement): string {
  const shown = value === undefined ? '' : own.show(value)
  switch (reason) {
    case 'below':
      return `The query gives ${shown}.`
    case 'lasting':
      return `The query gives ${shown}, and nothing better of late.`
    case 'mostly':
      return `The query gives ${shown} most of the time.`
    case 'early':
      return 'The query has no value yet.'
    case 'gaps':
      return 'The query gives no number for much of the time (no traffic, or nothing that matches).'
  }
}

function triggerOf(own: OwnQuery, steps: readonly Counted[], zone: string): string | undefined {
  const weighed = steps.map(({ value, ...times }) => ({
    ...times,
    value: value === undefined ? undefined : { value, weight: 0 },
  }))
  for (const { beyond: limit, forMs } of own.triggers) {
    const isBeyond = (value: number): boolean => (own.breaks === 'above' ? value > limit : value < limit)
    const held = heldBeyond(weighed, isBeyond, { forMs, coverage: 0.8, atLeast: 0 })
    if (held === undefined) continue
    const between = `${own.show(held.lowest)} to ${own.show(held.highest)}`
    return `${own.breaks} ${own.show(limit)} for ${humanDuration(forMs)}: ${between} (${timeSpan(new Date(held.from), new Date(held.at), zone)}).`
  }
  return undefined
}

function baselineFrom(steps: readonly Counted[], { chart }: OwnQuery, source: string): Answer['baseline'] {
  const values = steps.flatMap(({ value }) => value ?? [])
  const [middle, mad] = [median(values), medianDeviation(values)]
  if (middle === undefined || mad === undefined) return undefined
  return {
    from: new Date(steps[0]?.from ?? 0).toISOString(),
    to: new Date(steps.at(-1)?.at ?? 0).toISOString(),
    median: drawn(chart, middle),
    mad: mad * Math.abs(chart.scale),
    points: values.length,
    unit: chart.unit,
    source,
  }
}
