import { fractions, totalOf } from '../decide/fraction.ts'
import type { Counted } from '../decide/history.ts'
import type { PerComponent } from '../metrics/metrics.ts'
import { baselineOf } from '../record/baseline.ts'
import { sleepersOf } from '../record/sleeper.ts'
import type { Series } from '../runbook/fields.ts'
import type { Answer, GateContext } from './gate.ts'
import type { Counting } from './fraction-answer.ts'
import { inOneLook, isWatched, matchesNothing, spanOf, underKey } from './metric-span.ts'
import { humanDuration } from '../runbook/durations.ts'

/** A counter of the runbook file, and the key that names it. */
export interface NamedSeries {
  readonly gate: string
  readonly key: string
  readonly series: Series
}

/** Steps before which a source cannot know anything of a watched time. */
const earlySteps = 4

/**
 * How much of several counters was counted, by component, in the time that the gate judges. In a watch, what was counted
 * before it is left out.
 */
export async function countAll(
  context: GateContext<'metrics'>,
  counters: readonly NamedSeries[],
  signal: AbortSignal,
  span = spanOf(context),
): Promise<PerComponent<readonly Counted[]>[]> {
  const counted = await inOneLook(context, signal, (inLook) =>
    Promise.all(
      counters.map(({ gate, key, series }) =>
        underKey(`gates.${gate}.${key}`, context.metrics.counted(series, span, inLook)),
      ),
    ),
  )
  return counted.map((components) => watchedOnly(context, components, span.from))
}

/**
 * The steps that began in the watched time; before a deployment, all. Of a component that is woken for its validation only,
 * steps without a value are no gaps: it slept. Components of which no step is left are left out.
 */
export function watchedOnly<T>(
  { occasion, record }: Pick<GateContext<never>, 'occasion' | 'record'>,
  components: PerComponent<readonly Counted<T>[]>,
  since: Date,
): PerComponent<readonly Counted<T>[]> {
  const watched = isWatched(occasion)
  const maySleep = new Set(sleepersOf(record.plan).map(({ deployment }) => deployment))
  return new Map(
    [...components].flatMap(([component, steps]) => {
      const sleeps = maySleep.has(component)
      const wanted = steps.filter(
        ({ from, value }) => (!watched || from >= since.getTime()) && (!sleeps || value !== undefined),
      )
      return wanted.length === 0 && (watched || sleeps) ? [] : [[component, wanted] as const]
    }),
  )
}

/**
 * What a gate answers, or throws, whose series nobody has: nothing yet at the begin of a watch; a release that reports it
 * no more; else an error in the runbook file.
 *
 * @throws UserError for the last
 */
export function nothingCounted(
  context: GateContext<'metrics'>,
  { gate, key, series }: NamedSeries,
  more?: string,
): Answer {
  const { metrics, record, since, clock, occasion } = context
  const now = clock.now().getTime()
  if (isWatched(occasion)) {
    if (now - (since?.getTime() ?? now) < earlySteps * metrics.stepMs)
      return {
        verdict: 'inconclusive',
        answer: `The first ${humanDuration(metrics.stepMs)} are not measured yet.`,
      }
    if (baselineOf(record, gate) !== undefined) {
      return {
        verdict: 'inconclusive',
        answer: `No pod has the series ${series.name} any more; before the deployment there was one.`,
      }
    }
  }
  throw matchesNothing(`gates.${gate}.${key}`, series.name, metrics.source, more)
}

export interface FractionSeries {
  readonly hits: NamedSeries
  readonly all: NamedSeries
  /** What it means that the hits do not exist. */
  readonly absent: 'inconclusive' | 'zero'
}

/** Advice for a counter that appears only with its first event. */
export const absentAdvice = ' (or say `absent: zero`, if the counter appears only with its first event)'

/**
 * The hits of all, by component. `lacking` is the answer for what cannot be judged, to be given where nothing else
 * is worse: components that count the one and not the other.
 */
export async function countFractions(
  context: GateContext<'metrics'>,
  { hits, all, absent }: FractionSeries,
  signal: AbortSignal,
): Promise<{ readonly countings: readonly Counting[]; readonly lacking?: Answer }> {
  const [hitsOf, allOf] = (await countAll(context, [hits, all], signal)) as [
    PerComponent<readonly Counted[]>,
    PerComponent<readonly Counted[]>,
  ]
  if (allOf.size === 0) return { countings: [], lacking: nothingCounted(context, all) }
  const isKnown = (component: string): boolean => hitsOf.has(component) || absent === 'zero'
  const known = [...allOf].filter(([component]) => isKnown(component))
  if (known.length === 0) return { countings: [], lacking: nothingCounted(context, hits, absentAdvice) }
  const unknown = [...allOf.keys()].filter((component) => !isKnown(component))
  return {
    countings: known.map(([of, steps]) => ({ of, steps: fractions(hitsOf.get(of), steps) })),
    ...(unknown.length > 0 && {
      lacking: {
        verdict: 'inconclusive',
        answer: `${unknown.join(', ')} has no series ${hits.series.name}: nothing is shown${absentAdvice}.`,
      },
    }),
  }
}

/** The same for all components that count both, as one. */
export function pipelineTotal(countings: readonly Counting[]): Counting {
  const part = (pick: 'hits' | 'all'): Counted[] =>
    totalOf(
      countings.map(({ steps }) => steps.map(({ value, ...times }) => ({ ...times, value: value?.[pick] }))),
    )
  return { of: 'the pipeline', steps: fractions(part('hits'), part('all')) }
}
