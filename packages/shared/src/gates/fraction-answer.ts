import { normalOf, ratioOf, type Fraction, type FractionKind, type Normal } from '../decide/fraction.ts'
import { heldBeyond, type Weighed } from '../decide/held.ts'
import type { Counted } from '../decide/history.ts'
import { judgeFraction, type FractionJudgement, type Window } from '../decide/judge-fraction.ts'
import { worst } from '../decide/verdict.ts'
import { baselineOf } from '../record/baseline.ts'
import type { Baseline } from '../record/gate-result.ts'
import { sleepersOf } from '../record/sleeper.ts'
import { humanDuration } from '../runbook/durations.ts'
import type { Answer, GateContext } from './gate.ts'
import { drawn, ratioBehind, type ChartUnit } from './chart-unit.ts'
import { isWatched, judging, spanOf } from './metric-span.ts'
import { historyOf, number } from './metric-text.ts'
import { timeSpan } from '../runbook/spoken-time.ts'

/** Messages that must stand behind a trigger, however short its time. */
const triggerMessages = 50

/** Something that is counted: the hits and what they are hits of. */
export interface Counting {
  /** The Deployment, or `the pipeline`. */
  readonly of: string
  readonly steps: readonly Counted<Fraction>[]
}

/** When a trigger of the runbook file holds. */
export interface TriggerRule {
  /** `above 5 %`, `p95 above 10 s` */
  readonly what: string
  /** The ratio beyond which it holds, and for how long. */
  readonly above: number
  readonly forMs: number
  /** What is held against it; the counts of the gate where absent. */
  readonly steps?: readonly Counting[]
}

/** How a gate judges what it counted and how it speaks of it. */
export interface FractionGate {
  readonly gate: string
  readonly kind: FractionKind
  /** A ratio from here on breaks it. */
  readonly limit: number
  readonly limitText: string
  /** Fewer messages are too few to conclude. */
  readonly atLeast: number
  /** What is counted, for "only 12 …": `messages`. */
  readonly things: string
  /** `0.34 % of 12,340 messages of download-worker failed` */
  readonly say: (window: Fraction, of: string) => string
  /** The ratio as the summary shows it. */
  readonly show: (ratio: number) => string
  readonly chart: ChartUnit
  readonly triggers?: readonly TriggerRule[]
  /** More for the evidence. */
  readonly notes?: readonly string[]
}

/** The answer of a gate that counts: the worst of what it counted decides. */
export function fractionAnswer(
  context: GateContext<'metrics'>,
  countings: readonly Counting[],
  gate: FractionGate,
): Answer {
  const { record, runbook } = context
  const before = baselineOf(record, gate.gate)
  const rules = {
    ...judging(context),
    kind: gate.kind,
    limit: gate.limit,
    atLeast: gate.atLeast,
    dispersion: before?.dispersion ?? 1,
  }
  const maySleep = new Set(sleepersOf(record.plan).map(({ deployment }) => deployment))
  const judged = countings.map((counting) => {
    const judgement = judgeFraction(counting.steps, rules)
    // A component that is woken for its validation only has nothing to count while it sleeps.
    const isAsleep = maySleep.has(counting.of) && isUnshown(judgement)
    return { counting, judgement, verdict: isAsleep ? ('skipped' as const) : judgement.verdict }
  })
  const verdict = worst(judged.map((each) => each.verdict))
  const [decisive] = judged
    .filter((each) => each.verdict === verdict)
    .toSorted((a, b) => (b.judgement.window.ratio ?? -1) - (a.judgement.window.ratio ?? -1))
  if (decisive === undefined) return { verdict: 'inconclusive', answer: 'Nothing was counted.' }
  const { counting, judgement } = decisive
  const zone = runbook.window.timeZone
  const { ratio } = judgement.window
  const trigger = isWatched(context.occasion) ? triggerOf(gate, countings, zone) : undefined
  const normal = context.occasion === 'preflight' ? normalOf(counting.steps, gate.kind) : undefined
  const ratios = counting.steps.map(({ from, at, value }) => {
    const own = value && ratioOf(value)
    return { from, at, value: own === undefined ? undefined : drawn(gate.chart, own) }
  })
  const history = historyOf(ratios, { unit: gate.chart.unit, ...limitIn(gate) })
  return {
    verdict,
    answer: sentence(gate, counting.of, judgement, context),
    ...(ratio !== undefined && { value: gate.show(ratio) }),
    limit: gate.limitText,
    evidence: [
      ...judged.map(({ counting: { of }, judgement: { window } }) => line(gate, of, window, zone)),
      ...(gate.notes ?? []),
    ],
    ...(before !== undefined && { before: gate.show(ratioBehind(gate.chart, before.median)) }),
    ...(normal !== undefined && { baseline: baselineFrom(normal, counting, gate, context.metrics.source) }),
    ...(history !== undefined && { history }),
    ...(trigger !== undefined && { trigger }),
    ...(judgement.reason === 'perhaps' && { mayBeChance: true }),
  }
}

/** Too little was measured, or counted, to say anything. */
function isUnshown({ reason }: FractionJudgement): boolean {
  return reason !== 'below' && reason !== 'broken' && reason !== 'perhaps'
}

/** What was normal before the deployment, in ratios; undefined where preflight did not measure it. */
export function normalBefore(before: Baseline | undefined, chart: ChartUnit): Normal | undefined {
  if (before === undefined) return undefined
  const { median, mad, points, dispersion = 1, worst: upper = median } = before
  return {
    median: ratioBehind(chart, median),
    mad: mad / Math.abs(chart.scale),
    upper: ratioBehind(chart, upper),
    points,
    dispersion,
  }
}

/** For the line in the chart, where there is a limit. */
function limitIn({ limit, chart }: FractionGate): { readonly limit?: number } {
  return Number.isFinite(limit) ? { limit: drawn(chart, limit) } : {}
}

function baselineFrom(
  { median, mad, points, dispersion, upper }: Normal,
  { steps }: Counting,
  { chart }: FractionGate,
  source: string,
): Baseline {
  return {
    from: new Date(steps[0]?.from ?? 0).toISOString(),
    to: new Date(steps.at(-1)?.at ?? 0).toISOString(),
    median: drawn(chart, median),
    mad: mad * Math.abs(chart.scale),
    worst: drawn(chart, upper),
    points,
    dispersion,
    unit: chart.unit,
    source,
  }
}

function sentence(
  gate: FractionGate,
  of: string,
  { reason, window }: FractionJudgement,
  context: GateContext<'metrics'>,
): string {
  const { runbook, metrics } = context
  // A source without memory can only say what was counted since the pods began.
  const isOlder = reason !== 'early' && window.from < spanOf(context).from.getTime() - metrics.stepMs
  const when = isOlder
    ? `in the ${humanDuration(window.at - window.from)} since the pods began`
    : timeSpan(new Date(window.from), new Date(window.at), runbook.window.timeZone)
  const said = told(gate, of, window)
  switch (reason) {
    case 'below':
      return isOlder ? `${said} (${when}).` : `${said}.`
    case 'broken':
      return `${said} (${when}); chance does not explain it: it is ${gate.chart.scale < 0 ? 'at most' : 'at least'} ${gate.show(window.atLeast)}.`
    case 'perhaps':
      return `${said} (${when}); that is not below the limit, and may be by chance.`
    case 'thin':
      return window.all === 0
        ? `No ${gate.things} of ${of} (${when}): nothing is shown.`
        : `Only ${number(window.all)} ${gate.things} of ${of} (${when}): at least ${number(gate.atLeast)} are needed to say.`
    case 'stopped':
      return `No ${gate.things} of ${of} any more (${when}): nothing is shown.`
    case 'early':
      return `The first ${humanDuration(metrics.stepMs)} are not measured yet.`
    case 'gaps':
      return `Of ${of} only ${percentOf(window.coverage)} of the time (${when}) was measured.`
  }
}

function told(gate: FractionGate, of: string, window: Window): string {
  return window.all > 0 ? gate.say(window, of) : `no ${gate.things} of ${of}`
}

function percentOf(share: number): string {
  return `${Math.round(share * 100)} %`
}

function line(gate: FractionGate, of: string, window: Window, zone: string): string {
  if (window.at === 0) return `${of}: nothing measured yet`
  const gaps = window.coverage > 0.999 ? '' : `, ${percentOf(window.coverage)} of the time measured`
  return `${of}: ${told(gate, of, window)}, ${timeSpan(new Date(window.from), new Date(window.at), zone)}${gaps}`
}

function triggerOf(gate: FractionGate, countings: readonly Counting[], zone: string): string | undefined {
  for (const rule of gate.triggers ?? []) {
    const rules = { forMs: rule.forMs, coverage: 0.8, atLeast: gate.atLeast > 0 ? triggerMessages : 0 }
    for (const { of, steps } of rule.steps ?? countings) {
      const held = heldBeyond(steps.map(weighed), (ratio) => ratio > rule.above, rules)
      if (held === undefined) continue
      const between = `${gate.show(held.lowest)} to ${gate.show(held.highest)}`
      return `${rule.what} for ${humanDuration(rule.forMs)}: ${between} in ${of} (${timeSpan(new Date(held.from), new Date(held.at), zone)}).`
    }
  }
  return undefined
}

function weighed({ from, at, value }: Counted<Fraction>): Counted<Weighed> {
  const ratio = value && ratioOf(value)
  return {
    from,
    at,
    value: value === undefined || ratio === undefined ? undefined : { value: ratio, weight: value.all },
  }
}
