import { perMinute, spikeLimit, totalOf } from '../decide/fraction.ts'
import type { Counted } from '../decide/history.ts'
import type { PerComponent } from '../metrics/metrics.ts'
import { baselineOf } from '../record/baseline.ts'
import { absentAdvice, countAll, nothingCounted, type NamedSeries } from './counted-fractions.ts'
import { fractionAnswer, normalBefore } from './fraction-answer.ts'
import type { Answer, Gate, GateContext } from './gate.ts'
import { perMinuteUnit } from './chart-unit.ts'
import { sustainedTriggers } from './metric-gate.ts'
import { humanDuration } from '../runbook/durations.ts'
import { isWatched, metricPatienceMs } from './metric-span.ts'
import { number } from './metric-text.ts'
import { ownQueryAnswer } from './value-answer.ts'

const name = 'dlq-rate'

const show = (rate: number): string => `${number(rate)} per min`

/** Dead letters are rare, and each one is a message that somebody has to look at: they are counted per minute. */
export const dlqRate: Gate<'metrics'> = {
  name,
  question: 'DLQ message rate should not spike',
  occasions: ['preflight', 'soak', 'critical', 'important'],
  isRecordedOnlyForHotfix: true,
  mode: (runbook) => runbook.gates.dlqRate.mode,
  patienceMs: metricPatienceMs,
  query: ({ runbook, metrics }) => runbook.gates.dlqRate.query ?? metrics.byHand(runbook.gates.dlqRate.dead),
  async measure(context, signal) {
    const { query, deviations, floor } = context.runbook.gates.dlqRate
    const triggers = sustainedTriggers(context.runbook, name)
    const normal = normalBefore(baselineOf(context.record, name), perMinuteUnit)
    // Before the deployment there is nothing to compare with: it is only measured.
    const limit = isWatched(context.occasion)
      ? spikeLimit(normal, deviations, floor)
      : Number.POSITIVE_INFINITY
    const limitText = Number.isFinite(limit) ? `< ${show(limit)}` : 'measured only'
    const common = { gate: name, limit, limitText, show, chart: perMinuteUnit }
    if (query !== undefined)
      return ownQueryAnswer(context, { ...common, query, breaks: 'above', triggers }, signal)
    const counted = await deadLetters(context, signal)
    if ('verdict' in counted) return counted
    return fractionAnswer(context, [{ of: 'the pipeline', steps: perMinute(totalOf(counted.values())) }], {
      ...common,
      kind: 'rate',
      atLeast: 0,
      things: 'dead letters',
      say: ({ hits, all }, of) =>
        `${number(hits)} dead letters of ${of} in ${humanDuration(all * 60_000)} (${show(hits / all)})`,
      triggers: triggers.map(({ beyond, forMs }) => ({
        what: `above ${show(beyond)}`,
        above: beyond,
        forMs,
      })),
    })
  },
}

/** The dead letters of each component; where the counter may not exist yet, none in each step that was measured. */
async function deadLetters(
  context: GateContext<'metrics'>,
  signal: AbortSignal,
): Promise<PerComponent<readonly Counted[]> | Answer> {
  const { dead, absent } = context.runbook.gates.dlqRate
  const named: NamedSeries = { gate: name, key: 'dead', series: dead }
  const [counted] = await countAll(context, [named], signal)
  if (counted !== undefined && counted.size > 0) return counted
  if (absent !== 'zero') return nothingCounted(context, named, absentAdvice)
  // The messages say when the pods were measured.
  const messages: NamedSeries = {
    gate: 'error-rate',
    key: 'messages',
    series: context.runbook.gates.errorRate.messages,
  }
  const [measured] = await countAll(context, [messages], signal)
  if (measured === undefined || measured.size === 0) return nothingCounted(context, messages)
  const none = (step: Counted): Counted => ({ ...step, value: step.value === undefined ? undefined : 0 })
  return new Map([...measured].map(([component, steps]) => [component, steps.map(none)]))
}
