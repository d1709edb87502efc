import { observationsTogether, slowerThanAbout } from '../decide/observations.ts'
import { baselineOf } from '../record/baseline.ts'
import type { Baseline } from '../record/gate-result.ts'
import { fractionAnswer } from './fraction-answer.ts'
import type { Gate } from './gate.ts'
import { shownAsP95, slowShare } from './latency-answer.ts'
import { percentUnit, secondsUnit } from './chart-unit.ts'
import { sustainedTriggers } from './metric-gate.ts'
import { isWatched, metricPatienceMs } from './metric-span.ts'
import { number, percent, seconds } from './metric-text.ts'
import { observeAll } from './observed.ts'
import { ownQueryAnswer } from './value-answer.ts'

const name = 'upload-latency'

/** Scaled median absolute deviations that are usual noise of the baseline. */
const usualDeviations = 3 * 1.4826

/**
 * The runbook has no number for it, only a comparison: p95 before the deployment, and so much more. Counted is the share
 * of uploads that take longer than that; the buckets rarely end there, so that it is estimated as Prometheus does.
 */
export const uploadLatency: Gate<'metrics'> = {
  name,
  question: 'OneLake upload latency: compare to pre-deployment baseline',
  occasions: ['preflight', 'soak', 'critical', 'important'],
  isRecordedOnlyForHotfix: true,
  mode: (runbook) => runbook.gates.uploadLatency.mode,
  patienceMs: metricPatienceMs,
  query: ({ runbook, metrics }) => {
    const { query, histogram } = runbook.gates.uploadLatency
    return query ?? metrics.byHand({ ...histogram, name: `${histogram.name}_bucket` })
  },
  async measure(context, signal) {
    const { maxRise, query, histogram, minMessages } = context.runbook.gates.uploadLatency
    const before = baselineOf(context.record, name)
    const watched = isWatched(context.occasion)
    const triggers = sustainedTriggers(context.runbook, name).map(({ beyond, forMs }) => ({
      beyond: beyond / 1000,
      forMs,
    }))
    if (watched && before === undefined) {
      const verdict = context.occasion === 'soak' ? 'skipped' : 'inconclusive'
      return {
        verdict,
        answer: 'It was not measured before the deployment: there is nothing to compare with.',
      }
    }
    const limit = before === undefined || !watched ? Number.POSITIVE_INFINITY : limitOf(before, maxRise)
    const limitText = Number.isFinite(limit) ? `< ${seconds(limit)}` : 'measured only'
    if (query !== undefined) {
      const own = { gate: name, query, limit, limitText, show: seconds, chart: secondsUnit, triggers }
      return ownQueryAnswer(context, { ...own, breaks: 'above' }, signal)
    }
    const observed = await observeAll(context, { gate: name, key: 'histogram', series: histogram }, signal)
    if ('verdict' in observed) return observed
    const all = observationsTogether(observed.values())
    if (all === undefined) return { verdict: 'inconclusive', answer: 'Nothing was observed.' }
    const of = 'the pipeline'
    const answer = fractionAnswer(context, [{ of, steps: slowerThanAbout(all, limit) }], {
      gate: name,
      kind: 'share',
      limit: slowShare,
      limitText,
      atLeast: minMessages,
      things: 'uploads',
      say: ({ hits, all: count }) =>
        Number.isFinite(limit)
          ? `about ${percent(hits / count)} of ${number(count)} uploads took longer than ${seconds(limit)}`
          : `${number(count)} uploads were measured`,
      show: percent,
      chart: percentUnit,
      triggers: triggers.map(({ beyond, forMs }) => ({
        what: `p95 above ${seconds(beyond)}`,
        above: slowShare,
        forMs,
        steps: [{ of, steps: slowerThanAbout(all, beyond) }],
      })),
    })
    const chart = { gate: name, limit: Number.isFinite(limit) ? limit : undefined }
    return shownAsP95(answer, observed.values(), context, chart)
  },
}

/**
 * Above this, uploads are slower than before: by more than the runbook allows, and by more than is usual noise, over the
 * slowest that may have been normal.
 */
function limitOf({ median, mad, worst = median }: Baseline, maxRise: number): number {
  return Math.max(worst * (1 + maxRise), median + usualDeviations * mad)
}
