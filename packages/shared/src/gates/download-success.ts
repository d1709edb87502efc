import { fractions, totalOf, type Normal } from '../decide/fraction.ts'
import type { Counted } from '../decide/history.ts'
import type { PerComponent } from '../metrics/metrics.ts'
import { baselineOf } from '../record/baseline.ts'
import { countAll, nothingCounted, type NamedSeries } from './counted-fractions.ts'
import { fractionAnswer, normalBefore } from './fraction-answer.ts'
import type { Gate } from './gate.ts'
import { percentUnit, successUnit } from './chart-unit.ts'
import { sustainedTriggers } from './metric-gate.ts'
import { isWatched, metricPatienceMs } from './metric-span.ts'
import { number, percent } from './metric-text.ts'
import { ownQueryAnswer } from './value-answer.ts'

const name = 'download-success'

/**
 * How far below its baseline success may lie and still match it: one percentage point, or what is usual noise there, below
 * the worst that may have been normal.
 */
const margin = 0.01
/** Scaled median absolute deviations that are usual noise. */
const usualDeviations = 3 * 1.4826

/** What fails is counted, and shown as what succeeds. */
const success = (failures: number): string => percent(1 - failures)

/** Downloads must succeed as often as before the deployment, and more often than the runbook's limit. */
export const downloadSuccess: Gate<'metrics'> = {
  name,
  question: 'Download success rate should match baseline (> 95 %)',
  occasions: ['preflight', 'soak', 'critical', 'important'],
  isRecordedOnlyForHotfix: true,
  mode: (runbook) => runbook.gates.downloadSuccess.mode,
  patienceMs: metricPatienceMs,
  query: ({ runbook, metrics }) => {
    const { successes, attempts, query } = runbook.gates.downloadSuccess
    return query ?? `${metrics.byHand(successes)} / ${metrics.byHand(attempts)}`
  },
  async measure(context, signal) {
    const { min, query, successes, attempts, minMessages } = context.runbook.gates.downloadSuccess
    const triggers = sustainedTriggers(context.runbook, name)
    const before = isWatched(context.occasion) ? baselineOf(context.record, name) : undefined
    const least = Math.max(min, 1 - (mostFailures(normalBefore(before, successUnit)) ?? 1))
    const limitText = `> ${percent(least)}`
    if (query !== undefined) {
      const own = { gate: name, query, limit: least, limitText, show: percent, chart: percentUnit, triggers }
      return ownQueryAnswer(context, { ...own, breaks: 'below' }, signal)
    }
    const named: [NamedSeries, NamedSeries] = [
      { gate: name, key: 'attempts', series: attempts },
      { gate: name, key: 'successes', series: successes },
    ]
    const [all, good] = (await countAll(context, named, signal)) as [
      PerComponent<readonly Counted[]>,
      PerComponent<readonly Counted[]>,
    ]
    if (all.size === 0) return nothingCounted(context, named[0])
    // In a watch there were successes before: if nobody counts any now, every download fails.
    if (good.size === 0 && before === undefined) return nothingCounted(context, named[1])
    const attempted = totalOf(all.values())
    const steps = fractions(failuresOf(attempted, totalOf(good.values())), attempted)
    return fractionAnswer(context, [{ of: 'the pipeline', steps }], {
      gate: name,
      kind: 'share',
      limit: 1 - least,
      limitText,
      atLeast: minMessages,
      things: 'downloads',
      say: ({ hits, all: count }, of) =>
        `${success(hits / count)} of ${number(count)} downloads of ${of} succeeded`,
      show: success,
      chart: successUnit,
      triggers: triggers.map(({ beyond, forMs }) => ({
        what: `below ${percent(beyond)}`,
        above: 1 - beyond,
        forMs,
      })),
    })
  },
}

/** The most failures that still match the baseline; undefined without one. */
function mostFailures(normal: Normal | undefined): number | undefined {
  return normal && normal.upper + Math.max(margin, usualDeviations * normal.mad)
}

function failuresOf(attempted: readonly Counted[], succeeded: readonly Counted[]): Counted[] {
  const byTime = new Map(succeeded.map(({ at, value }) => [at, value]))
  return attempted.map(({ value, ...times }) => ({
    ...times,
    value: value === undefined ? undefined : Math.max(0, value - (byTime.get(times.at) ?? 0)),
  }))
}
