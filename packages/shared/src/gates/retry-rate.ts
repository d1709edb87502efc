import { spikeLimit } from '../decide/fraction.ts'
import { baselineOf } from '../record/baseline.ts'
import type { Runbook } from '../runbook/schema.ts'
import { countFractions, pipelineTotal, type FractionSeries } from './counted-fractions.ts'
import { fractionAnswer, normalBefore } from './fraction-answer.ts'
import type { Gate } from './gate.ts'
import { percentUnit } from './chart-unit.ts'
import { sustainedTriggers, worseOf } from './metric-gate.ts'
import { isWatched, metricPatienceMs } from './metric-span.ts'
import { number, percent } from './metric-text.ts'
import { ownQueryAnswer } from './value-answer.ts'

const name = 'retry-rate'

function seriesOf({ gates }: Runbook): FractionSeries {
  const { retries, messages, absent } = gates.retryRate
  return {
    hits: { gate: name, key: 'retries', series: retries },
    all: { gate: name, key: 'messages', series: messages },
    absent,
  }
}

/** Retries come in bursts and may be more than the messages: they are held against what was normal before. */
export const retryRate: Gate<'metrics'> = {
  name,
  question: 'Monitoring focus: retry rate should not spike',
  occasions: ['preflight', 'soak', 'critical', 'important'],
  isRecordedOnlyForHotfix: true,
  mode: (runbook) => runbook.gates.retryRate.mode,
  patienceMs: metricPatienceMs,
  query: ({ runbook, metrics }) => {
    const { retries, messages, query } = runbook.gates.retryRate
    return query ?? `${metrics.byHand(retries)} / ${metrics.byHand(messages)}`
  },
  async measure(context, signal) {
    const { query, deviations, floor, minMessages } = context.runbook.gates.retryRate
    const triggers = sustainedTriggers(context.runbook, name)
    const normal = normalBefore(baselineOf(context.record, name), percentUnit)
    // Before the deployment there is nothing to compare with: it is only measured.
    const limit = isWatched(context.occasion)
      ? spikeLimit(normal, deviations, floor)
      : Number.POSITIVE_INFINITY
    const limitText = Number.isFinite(limit) ? `< ${percent(limit)}` : 'measured only'
    const common = { gate: name, limit, limitText, show: percent, chart: percentUnit }
    if (query !== undefined)
      return ownQueryAnswer(context, { ...common, query, breaks: 'above', triggers }, signal)
    const { countings, lacking } = await countFractions(context, seriesOf(context.runbook), signal)
    if (countings.length === 0) return worseOf(lacking)
    const answer = fractionAnswer(context, [pipelineTotal(countings)], {
      ...common,
      kind: 'rate',
      atLeast: minMessages,
      things: 'messages',
      say: ({ hits, all }, of) =>
        `${number(hits)} retries for ${number(all)} messages of ${of} (${percent(hits / all)})`,
      triggers: triggers.map(({ beyond, forMs }) => ({
        what: `above ${percent(beyond)}`,
        above: beyond,
        forMs,
      })),
    })
    return worseOf(answer, lacking)
  },
}
