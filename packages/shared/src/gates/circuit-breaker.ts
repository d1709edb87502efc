import { judgeBreaker, type BreakerJudgement, type BreakerRules } from '../decide/breaker.ts'
import type { Gauge } from '../metrics/metrics.ts'
import { timeOfDay } from '../runbook/spoken-time.ts'
import { nothingCounted } from './counted-fractions.ts'
import type { Answer, Gate, GateContext } from './gate.ts'
import { inOneLook, metricPatienceMs, spanOf, underKey } from './metric-span.ts'
import { historyOf } from './metric-text.ts'

const name = 'circuit-breaker'

/** A breaker of which nothing was seen for so many steps is gone, or is not measured. */
const seenSteps = 4

/** A breaker that opens takes work away from its pod: at once a reason to go back, where the runbook file says so. */
export const circuitBreaker: Gate<'metrics'> = {
  name,
  question: 'Circuit breaker state should remain CLOSED',
  occasions: ['soak', 'critical', 'important'],
  mode: (runbook) => runbook.gates.circuitBreaker.mode,
  patienceMs: metricPatienceMs,
  query: ({ runbook: { gates }, metrics }) =>
    gates.circuitBreaker.query ?? metrics.byHand(gates.circuitBreaker.state),
  async measure(context, signal) {
    const { state, query, openingsWithin } = context.runbook.gates.circuitBreaker
    const { from, to } = spanOf(context)
    const seenSince = to.getTime() - seenSteps * context.metrics.stepMs
    // A look back tells which breakers were open before.
    const span = { from: new Date(from.getTime() - openingsWithin), to }
    const gauges = await inOneLook(context, signal, async (inLook): Promise<readonly Gauge[]> => {
      if (query === undefined)
        return underKey(`gates.${name}.state`, context.metrics.gauges(state, span, inLook))
      const history = await underKey(`gates.${name}.query`, context.metrics.custom(query, span, inLook))
      return [{ labels: { query: 'own' }, history }]
    })
    const breakers = gauges.filter(({ history }) => history.some(({ value }) => value !== undefined))
    if (breakers.length === 0) return nothingCounted(context, { gate: name, key: 'state', series: state })
    return answerOf(context, breakers, from, seenSince)
  },
}

function answerOf(
  context: GateContext<'metrics'>,
  breakers: readonly Gauge[],
  since: Date,
  seenSince: number,
): Answer {
  const { runbook } = context
  const { closed, open, openSamples, openings, openingsWithin, opens } = rulesOf(context)
  const rules: BreakerRules = {
    closed,
    open,
    openSamples,
    openings,
    openingsWithinMs: openingsWithin,
    seenSince,
  }
  const zone = runbook.window.timeZone
  const judged = breakers
    .map((breaker) => ({ name: nameOf(breaker), ...judgeBreaker(breaker.history, since.getTime(), rules) }))
    // Pods come and go: what is not seen any more counts only where it opened while it was.
    .filter(({ now, opened }) => now !== undefined || opened !== undefined)
  const opened = judged.filter((breaker) => breaker.opened !== undefined)
  const notClosed = judged.filter(({ now }) => now === 'open' || now === 'half-open')
  const history = historyOf(notClosedSteps(breakers, closed, since), { unit: 'not closed' })
  const common = {
    value: `${judged.filter(({ now }) => now === 'closed').length}/${judged.length} closed`,
    limit: 'CLOSED',
    evidence: [...new Set([...opened, ...notClosed].map((breaker) => describe(breaker, zone)))],
    ...(history !== undefined && { history }),
  }
  if (judged.length === 0) {
    return {
      verdict: 'inconclusive',
      answer: 'No pod reports the state of its breakers any more.',
      ...common,
    }
  }
  const [first] = opened
  if (first !== undefined) {
    const sentence = `${first.name} opened${first.opened === undefined ? '' : ` at ${timeOfDay(new Date(first.opened.at), zone)}`}`
    const answer = `${opened.length} of ${judged.length} breakers opened: ${sentence}.`
    return { verdict: 'fail', answer, ...common, ...(opens && { trigger: `${sentence}.` }) }
  }
  if (notClosed.length > 0) {
    const [one] = notClosed.map((breaker) => `${breaker.name} is ${breaker.now ?? ''}`)
    const others = notClosed.length === 1 ? '' : `, and ${notClosed.length - 1} more`
    return {
      verdict: 'inconclusive',
      answer: `Not all breakers are closed: ${one ?? ''}${others}.`,
      ...common,
    }
  }
  return { verdict: 'pass', answer: `All ${judged.length} breakers stayed closed.`, ...common }
}

function rulesOf({ runbook: { gates, rollback } }: GateContext<'metrics'>) {
  const opens = rollback.triggers.some(({ gate }) => gate === name)
  return { ...gates.circuitBreaker, opens }
}

/** How many breakers were not closed at each sample. */
function notClosedSteps(breakers: readonly Gauge[], closed: number, since: Date) {
  const counts = new Map<number, number | undefined>()
  for (const { history } of breakers) {
    for (const { at, value } of history) {
      if (at < since.getTime()) continue
      const before = counts.get(at)
      counts.set(at, value === undefined ? before : (before ?? 0) + (value === closed ? 0 : 1))
    }
  }
  return [...counts].sort(([a], [b]) => a - b).map(([at, value]) => ({ from: at, at, value }))
}

function nameOf({ labels }: Gauge): string {
  return Object.entries(labels)
    .map(([label, value]) => `${label}=${value}`)
    .join(' ')
}

function describe(
  { name: breaker, now, opened }: BreakerJudgement & { readonly name: string },
  zone: string,
): string {
  const state = now === undefined ? 'not seen any more' : `${now} now`
  if (opened === undefined) return `${breaker}: ${state}`
  const how = opened.how === 'lasting' ? 'stayed open' : 'opened again and again'
  return `${breaker}: ${how} at ${timeOfDay(new Date(opened.at), zone)}; ${state}`
}
