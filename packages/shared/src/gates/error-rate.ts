import { countFractions, type FractionSeries } from './counted-fractions.ts'
import { fractionAnswer } from './fraction-answer.ts'
import type { Gate } from './gate.ts'
import { percentUnit } from './chart-unit.ts'
import { sustainedTriggers, worseOf } from './metric-gate.ts'
import { metricPatienceMs } from './metric-span.ts'
import { number, percent } from './metric-text.ts'
import type { Runbook } from '../runbook/schema.ts'
import { ownQueryAnswer } from './value-answer.ts'

const name = 'error-rate'

function seriesOf({ gates }: Runbook): FractionSeries {
  const { errors, messages, absent } = gates.errorRate
  return {
    hits: { gate: name, key: 'errors', series: errors },
    all: { gate: name, key: 'messages', series: messages },
    absent,
  }
}

/** By component: a failing one must not drown in the traffic of the others. */
export const errorRate: Gate<'metrics'> = {
  name,
  question: 'Error rate should stay < 1 %',
  occasions: ['preflight', 'soak', 'critical', 'important'],
  isRecordedOnlyForHotfix: true,
  mode: (runbook) => runbook.gates.errorRate.mode,
  patienceMs: metricPatienceMs,
  query: ({ runbook, metrics }) => {
    const { errors, messages, query } = runbook.gates.errorRate
    return query ?? `${metrics.byHand(errors)} / ${metrics.byHand(messages)}`
  },
  async measure(context, signal) {
    const { max, query, minMessages } = context.runbook.gates.errorRate
    const triggers = sustainedTriggers(context.runbook, name)
    const common = {
      gate: name,
      limit: max,
      limitText: `< ${percent(max)}`,
      show: percent,
      chart: percentUnit,
    }
    if (query !== undefined)
      return ownQueryAnswer(context, { ...common, query, breaks: 'above', triggers }, signal)
    const { countings, lacking } = await countFractions(context, seriesOf(context.runbook), signal)
    if (countings.length === 0) return worseOf(lacking)
    const answer = fractionAnswer(context, countings, {
      ...common,
      kind: 'share',
      atLeast: minMessages,
      things: 'messages',
      say: ({ hits, all }, of) => `${percent(hits / all)} of ${number(all)} messages of ${of} failed`,
      triggers: triggers.map(({ beyond, forMs }) => ({
        what: `above ${percent(beyond)}`,
        above: beyond,
        forMs,
      })),
    })
    return worseOf(answer, lacking)
  },
}
