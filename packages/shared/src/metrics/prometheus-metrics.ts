import type { Counted, History } from '../decide/history.ts'
import type { Observations } from '../decide/observations.ts'
import type { Clock } from '../ports.ts'
import type { Series } from '../runbook/fields.ts'
import { countedSteps } from './counted-steps.ts'
import { changedSteps, countsBetween } from './counts-between.ts'
import { QueryRejected } from './explain-monitoring.ts'
import type { Gauge, Metrics, PerComponent, Span } from './metrics.ts'
import { observationsOf } from './observed-steps.ts'
import type { PrometheusApi, QueryRange, RangeSeries } from './prometheus-api.ts'
import {
  componentLabel,
  countQuery,
  coverageQueries,
  customQuery,
  gaugeQuery,
  partLabel,
  podSeries,
  sumQueries,
  together,
  type CountTimes,
  type PodSelection,
} from './promql.ts'
import { RangeCache } from './range-cache.ts'

/** Silence of a series, or of Prometheus itself, that is bridged; at least so many steps. */
const memoryMs = 10 * 60_000
const memorySteps = 10
/** A step holds at least two scrapes, so that one that is late leaves no gap. */
const scrapesPerStep = 2
/** After so many scrape intervals the answer for a step does not change any more. */
const settledScrapes = 3

export interface PrometheusMetricsOptions {
  /** Where it is, for people. */
  readonly place: string
  /** Called when something is asked, and again each time: it keeps the connection. */
  readonly connect: () => PrometheusApi
  readonly pods: PodSelection
  readonly scrapeIntervalMs: number
  readonly rateWindowMs: number
  /** Share of the targets that a step must cover. */
  readonly coverage: number
  readonly clock: Clock
}

/**
 * The pipeline's metrics as a Prometheus has them: one range query for each question, for the steps that are new, and a
 * second one for those in which pods came, went or restarted.
 */
export class PrometheusMetrics implements Metrics {
  readonly source: string
  readonly stepMs: number
  readonly #options: PrometheusMetricsOptions
  readonly #times: CountTimes
  readonly #cache: RangeCache

  constructor(options: PrometheusMetricsOptions) {
    const { place, scrapeIntervalMs, connect } = options
    this.source = `Prometheus at ${place}`
    this.stepMs = scrapesPerStep * scrapeIntervalMs
    this.#options = options
    this.#times = { stepMs: this.stepMs, memoryMs: Math.max(memoryMs, memorySteps * this.stepMs) }
    this.#cache = new RangeCache(
      (query, range, signal) => connect().range(query, range, signal),
      settledScrapes * scrapeIntervalMs,
    )
  }

  async counted(counter: Series, span: Span, signal: AbortSignal): Promise<PerComponent<readonly Counted[]>> {
    const { coverage } = this.#options
    const series = podSeries(counter, this.#options.pods)
    const { parts, grid } = await this.#parts({ series, whole: series, by: [] }, span, signal)
    const rules = { ...this.#times, coverage, zero: 0, add: (a: number, b: number) => a + b }
    const counted = new Map<string, readonly Counted[]>()
    for (const [component, series] of parts) {
      const part = (name: string, at: number) =>
        series.find(({ labels }) => labels[partLabel] === name)?.values.get(at)
      if (!series.some(({ labels }) => labels[partLabel] === 'count')) continue
      const steps = grid.map((at) => ({
        at,
        count: part('count', at),
        seen: part('seen', at),
        lost: part('lost', at),
        scraped: part('scraped', at),
      }))
      counted.set(component, countedSteps(steps, rules))
    }
    return counted
  }

  async observed(histogram: Series, span: Span, signal: AbortSignal): Promise<PerComponent<Observations>> {
    const { pods, coverage } = this.#options
    const bucket = { ...histogram, name: `${histogram.name}_bucket` }
    const all = { ...bucket, labels: { ...bucket.labels, le: '+Inf' } }
    const asked = { series: podSeries(bucket, pods), whole: podSeries(all, pods), by: ['le'] }
    const { parts, grid } = await this.#parts(asked, span, signal)
    const observed = new Map<string, Observations>()
    for (const [component, series] of parts) {
      const observations = observationsOf(series, grid, { ...this.#times, coverage })
      if (observations !== undefined) observed.set(component, observations)
    }
    return observed
  }

  async gauges(gauge: Series, span: Span, signal: AbortSignal): Promise<readonly Gauge[]> {
    const { pods, scrapeIntervalMs: stepMs, clock } = this.#options
    const query = gaugeQuery(podSeries(gauge, pods), stepMs)
    const range = this.#range(span, stepMs)
    if (range === undefined) return []
    const series = await this.#cache.get(query, range, clock.now().getTime(), signal)
    return series.map(({ labels, values }) => ({
      labels: ownLabels(labels, pods),
      history: gridOf(range).map((at) => ({ at, value: values.get(at) })),
    }))
  }

  async custom(query: string, span: Span, signal: AbortSignal): Promise<History<number>> {
    const { pods, rateWindowMs, clock } = this.#options
    const range = this.#range(span, this.stepMs)
    if (range === undefined) return []
    const complete = customQuery(query, pods, rateWindowMs)
    const series = await this.#cache.get(complete, range, clock.now().getTime(), signal)
    if (series.length > 1)
      throw new QueryRejected(
        `it gives ${series.length} series where one number is wanted: put sum(…) or max(…) around it`,
      )
    return gridOf(range).map((at) => ({ at, value: series[0]?.values.get(at) }))
  }

  byHand(series: Series): string {
    const { pods } = this.#options
    return countQuery(podSeries(series, pods), pods, this.#times)
  }

  /**
   * The series of each component, and the steps.
   *
   * @param asked the series, and one of its kind that every target with it has: the whole of a histogram
   */
  async #parts(
    {
      series,
      whole,
      by,
    }: { readonly series: string; readonly whole: string; readonly by: readonly string[] },
    span: Span,
    signal: AbortSignal,
  ): Promise<{ parts: ReadonlyMap<string, RangeSeries[]>; grid: readonly number[] }> {
    const { pods, clock } = this.#options
    const range = this.#range(span, this.stepMs)
    if (range === undefined) return { parts: new Map(), grid: [] }
    const { stepMs } = range
    const grid = gridOf(range)
    const get = (query: string, steps: QueryRange): Promise<readonly RangeSeries[]> =>
      this.#cache.get(query, steps, clock.now().getTime(), signal)
    const sums = together({
      ...sumQueries({ series, whole }, pods, this.#times, by),
      ...coverageQueries({ series, whole }, pods, this.#times, by),
    })
    const answer = await get(sums, { ...range, fromMs: range.fromMs - stepMs })
    const changed = changedSteps(answer).filter((at) => at >= range.fromMs)
    const [fromMs, toMs] = [changed[0], changed.at(-1)]
    const exact =
      fromMs === undefined || toMs === undefined
        ? []
        : await get(together({ count: countQuery(series, pods, this.#times, by) }), { fromMs, toMs, stepMs })
    const counts = countsBetween(answer, exact, { grid, stepMs })
    const all = [...answer.filter(({ labels }) => labels[partLabel] !== 'sum'), ...counts]
    return { parts: Map.groupBy(all, ({ labels }) => labels[componentLabel] ?? ''), grid }
  }

  /** The steps that lie in the span as a whole and that have been scraped by now. */
  #range({ from, to }: Span, stepMs: number): QueryRange | undefined {
    const { scrapeIntervalMs, clock } = this.#options
    const scrapedUntil = clock.now().getTime() - scrapeIntervalMs
    const toMs = Math.floor(Math.min(to.getTime(), scrapedUntil) / stepMs) * stepMs
    const fromMs = Math.ceil(from.getTime() / stepMs) * stepMs + stepMs
    return fromMs > toMs ? undefined : { fromMs, toMs, stepMs }
  }
}

/** The labels of a series without those by which Prometheus finds its targets. */
function ownLabels(labels: RangeSeries['labels'], pods: PodSelection): Record<string, string> {
  const { __name__: _, instance: __, job: ___, ...own } = labels
  return Object.fromEntries(Object.entries(own).filter(([label]) => label !== pods.labels.namespace))
}

function gridOf({ fromMs, toMs, stepMs }: QueryRange): number[] {
  return Array.from({ length: (toMs - fromMs) / stepMs + 1 }, (_, index) => fromMs + index * stepMs)
}
