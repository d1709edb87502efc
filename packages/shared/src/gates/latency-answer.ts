import type { Counted } from '../decide/history.ts'
import { median, medianDeviation } from '../decide/median.ts'
import {
  highestQuantile,
  observationsTogether,
  observedTogether,
  quantile,
  type Observations,
} from '../decide/observations.ts'
import { baselineOf } from '../record/baseline.ts'
import type { Baseline } from '../record/gate-result.ts'
import type { Answer, GateContext } from './gate.ts'
import { secondsUnit } from './chart-unit.ts'
import { historyOf, seconds } from './metric-text.ts'

/** Of the messages that p95 speaks of, so many may be slower. */
export const slowShare = 0.05

/**
 * The answer with p95 in place of the share of slow messages: what decides is counted, what people read is the number of
 * the runbook.
 *
 * @param limit seconds, for the chart
 */
export function shownAsP95(
  answer: Answer,
  components: Iterable<Observations>,
  context: GateContext<'metrics'>,
  { gate, limit }: { readonly gate: string; readonly limit: number | undefined },
): Answer {
  const observations = observationsTogether(components)
  if (observations === undefined) return answer
  const { value: _, baseline: __, before: ___, history: ____, ...rest } = answer
  const steps = p95Steps(observations)
  const all = observedTogether(observations)
  const p95 = all && quantile(observations.bounds, all, 1 - slowShare)
  const before = baselineOf(context.record, gate)
  const history = historyOf(steps, { unit: secondsUnit.unit, ...(limit !== undefined && { limit }) })
  const baseline =
    context.occasion === 'preflight' ? baselineFrom(steps, observations, context.metrics.source) : undefined
  return {
    ...rest,
    ...(p95 !== undefined && { value: seconds(p95) }),
    ...(before !== undefined && { before: seconds(before.median) }),
    ...(history !== undefined && { history }),
    ...(baseline !== undefined && { baseline }),
  }
}

function baselineFrom(
  steps: readonly Counted[],
  observations: Observations,
  source: string,
): Baseline | undefined {
  const values = steps.flatMap(({ value }) => value ?? [])
  const [middle, mad] = [median(values), medianDeviation(values)]
  const all = observedTogether(observations)
  const worst = all && highestQuantile(observations.bounds, all, 1 - slowShare)
  if (middle === undefined || mad === undefined || worst === undefined) return undefined
  return {
    from: new Date(steps[0]?.from ?? 0).toISOString(),
    to: new Date(steps.at(-1)?.at ?? 0).toISOString(),
    median: middle,
    mad,
    worst,
    points: values.length,
    unit: secondsUnit.unit,
    source,
  }
}

function p95Steps({ bounds, steps }: Observations): Counted[] {
  return steps.map(({ from, at, value }) => ({
    from,
    at,
    value: value && quantile(bounds, value, 1 - slowShare),
  }))
}
