import { slowerThan, type Observations } from '../decide/observations.ts'
import { UserError } from '../errors.ts'
import type { PerComponent } from '../metrics/metrics.ts'
import { humanDuration } from '../runbook/durations.ts'
import { fractionAnswer, type Counting } from './fraction-answer.ts'
import type { Gate } from './gate.ts'
import { shownAsP95, slowShare } from './latency-answer.ts'
import { percentUnit, secondsUnit } from './chart-unit.ts'
import { sustainedTriggers } from './metric-gate.ts'
import { metricPatienceMs } from './metric-span.ts'
import { number, percent, seconds } from './metric-text.ts'
import { observeAll } from './observed.ts'
import { ownQueryAnswer } from './value-answer.ts'

const name = 'latency-p95'

/** By component, and by counting: p95 is below the limit exactly where less than 5 % of the messages take longer. */
export const latencyP95: Gate<'metrics'> = {
  name,
  question: 'Processing latency p95 should be < 5 s',
  occasions: ['preflight', 'soak', 'critical', 'important'],
  isRecordedOnlyForHotfix: true,
  mode: (runbook) => runbook.gates.latencyP95.mode,
  patienceMs: metricPatienceMs,
  query: ({ runbook, metrics }) => {
    const { query, histogram } = runbook.gates.latencyP95
    return query ?? metrics.byHand({ ...histogram, name: `${histogram.name}_bucket` })
  },
  async measure(context, signal) {
    const { max, query, histogram, minMessages } = context.runbook.gates.latencyP95
    const limit = max / 1000
    const limitText = `< ${humanDuration(max)}`
    const triggers = sustainedTriggers(context.runbook, name).map(({ beyond, forMs }) => ({
      beyond: beyond / 1000,
      forMs,
    }))
    if (query !== undefined) {
      const own = { gate: name, query, limit, limitText, show: seconds, chart: secondsUnit, triggers }
      return ownQueryAnswer(context, { ...own, breaks: 'above' }, signal)
    }
    const observed = await observeAll(context, { gate: name, key: 'histogram', series: histogram }, signal)
    if ('verdict' in observed) return observed
    const { countings, notes } = slowOf(observed, limit)
    const answer = fractionAnswer(context, countings, {
      gate: name,
      kind: 'share',
      limit: slowShare,
      limitText,
      atLeast: minMessages,
      things: 'messages',
      say: ({ hits, all }, of) =>
        `${percent(hits / all)} of ${number(all)} messages of ${of} took longer than ${seconds(limit)}`,
      show: percent,
      chart: percentUnit,
      notes,
      triggers: triggers.map(({ beyond, forMs }) => ({
        what: `p95 above ${seconds(beyond)}`,
        above: slowShare,
        forMs,
        steps: slowOf(observed, beyond).countings,
      })),
    })
    return shownAsP95(answer, observed.values(), context, { gate: name, limit })
  },
}

/** The slow messages of each component, and what has to be said of their buckets. */
function slowOf(
  observed: PerComponent<Observations>,
  limit: number,
): { readonly countings: Counting[]; readonly notes: string[] } {
  const notes: string[] = []
  const countings = [...observed].map(([of, observations]) => {
    const slow = slowerThan(observations, limit)
    if (slow === undefined) {
      const bounds = observations.bounds.filter(Number.isFinite).map(seconds).join(', ')
      throw new UserError(
        `The histogram of ${of} has no bucket at or below ${seconds(limit)} (it has ${bounds}): nobody can tell how many messages are slower.`,
        `Give it a bucket that ends at ${seconds(limit)}.`,
      )
    }
    if (slow.bound !== limit) {
      notes.push(
        `${of} has no bucket at ${seconds(limit)}: counted is what took longer than ${seconds(slow.bound)}, which is more.`,
      )
    }
    return { of, steps: slow.steps }
  })
  return { countings, notes }
}
