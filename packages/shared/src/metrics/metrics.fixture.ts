// Metrics for tests, in memory: what is counted in each step is a function of its end.
import type { Counted, History } from '../decide/history.ts'
import type { Observations } from '../decide/observations.ts'
import type { Series } from '../runbook/fields.ts'
import type { Gauge, Metrics, PerComponent, Span } from './metrics.ts'

type Counts = (at: number) => number | undefined
type Bucketed = (at: number) => readonly number[] | undefined

/** A series as the runbook file names it. */
function textOf({ name, labels }: Series): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${value}"`)
  return pairs.length === 0 ? name : `${name}{${pairs.join(',')}}`
}

export class FakeMetrics implements Metrics {
  readonly source = 'the test’s metrics'
  readonly stepMs: number
  /** By series and component, what each step counted. */
  readonly counters = new Map<string, Map<string, Counts>>()
  bounds: readonly number[] = [0.5, 1, 2.5, 5, Number.POSITIVE_INFINITY]
  /** By histogram and component, what each step counted up to each bound. */
  readonly histograms = new Map<string, Map<string, Bucketed>>()
  /** By series, what each gauge is. */
  readonly gaugeValues = new Map<string, { labels: Record<string, string>; value: Counts }[]>()
  /** By query. */
  readonly queries = new Map<string, Counts>()
  /** Everything that was asked, in its order. */
  readonly asked: string[] = []
  failure: Error | undefined
  /** A step after a gap begins where the last measured one ended, as the real sources have it; what it counts, the test says. */
  bridgesGaps = false

  constructor(stepMs = 60_000) {
    this.stepMs = stepMs
  }

  /** A counter of some components that counts the same in every step, or as the test says. */
  counter(series: string, value: number | Counts, ...components: readonly string[]): this {
    const counts = typeof value === 'number' ? () => value : value
    const known = this.counters.get(series) ?? new Map<string, Counts>()
    for (const component of components) known.set(component, counts)
    this.counters.set(series, known)
    return this
  }

  histogram(name: string, counts: readonly number[] | Bucketed, ...components: readonly string[]): this {
    const of = typeof counts === 'function' ? counts : () => counts
    const known = this.histograms.get(name) ?? new Map<string, Bucketed>()
    for (const component of components) known.set(component, of)
    this.histograms.set(name, known)
    return this
  }

  gauge(series: string, labels: Record<string, string>, value: number | Counts): this {
    const values = typeof value === 'number' ? () => value : value
    this.gaugeValues.set(series, [...(this.gaugeValues.get(series) ?? []), { labels, value: values }])
    return this
  }

  counted(counter: Series, span: Span, signal: AbortSignal): Promise<PerComponent<readonly Counted[]>> {
    return this.#answer(counter, this.counters.get(textOf(counter)), span, signal)
  }

  async observed(histogram: Series, span: Span, signal: AbortSignal): Promise<PerComponent<Observations>> {
    const components = await this.#answer(histogram, this.histograms.get(textOf(histogram)), span, signal)
    return new Map([...components].map(([component, steps]) => [component, { bounds: this.bounds, steps }]))
  }

  gauges(gauge: Series, span: Span, signal: AbortSignal): Promise<readonly Gauge[]> {
    return this.#ask(textOf(gauge), signal, () =>
      (this.gaugeValues.get(textOf(gauge)) ?? []).map(({ labels, value }) => ({
        labels,
        history: this.#steps(span).map(({ at }) => ({ at, value: value(at) })),
      })),
    )
  }

  custom(query: string, span: Span, signal: AbortSignal): Promise<History<number>> {
    return this.#ask(query, signal, () =>
      this.#steps(span).map(({ at }) => ({ at, value: this.queries.get(query)?.(at) })),
    )
  }

  byHand(series: Series): string {
    return `by hand ${textOf(series)}`
  }

  #answer<T>(
    series: Series,
    components: ReadonlyMap<string, (at: number) => T | undefined> | undefined,
    span: Span,
    signal: AbortSignal,
  ): Promise<PerComponent<readonly Counted<T>[]>> {
    const steps = this.#steps(span)
    return this.#ask(textOf(series), signal, () =>
      steps.length === 0
        ? new Map<string, readonly Counted<T>[]>()
        : new Map(
            [...(components ?? [])].map(([component, value]) => [component, this.#measured(steps, value)]),
          ),
    )
  }

  #measured<T>(
    steps: readonly { readonly from: number; readonly at: number }[],
    value: (at: number) => T | undefined,
  ): Counted<T>[] {
    let until = steps[0]?.from ?? 0
    return steps.map((step) => {
      const measured = value(step.at)
      const from = this.bridgesGaps && measured !== undefined ? until : step.from
      if (measured !== undefined) until = step.at
      return { from, at: step.at, value: measured }
    })
  }

  #ask<T>(what: string, signal: AbortSignal, answer: () => T): Promise<T> {
    signal.throwIfAborted()
    this.asked.push(what)
    return this.failure === undefined ? Promise.resolve(answer()) : Promise.reject(this.failure)
  }

  #steps({ from, to }: Span): { from: number; at: number }[] {
    const { stepMs } = this
    const first = Math.ceil(from.getTime() / stepMs) * stepMs + stepMs
    const count = Math.max(0, Math.floor((to.getTime() - first) / stepMs) + 1)
    return Array.from({ length: count }, (_, index) => {
      const at = first + index * stepMs
      return { from: at - stepMs, at }
    })
  }
}

/** A pipeline that works well, with the series that the runbook file has by default. */
export function quietPipeline(...components: readonly string[]): FakeMetrics {
  return new FakeMetrics()
    .counter('kafka_messages_consumed_total', 1_000, ...components)
    .counter('kafka_processing_errors_total', 2, ...components)
    .counter('kafka_retries_total', 3, ...components)
    .counter('kafka_dlq_messages_total', 0, ...components)
    .counter('downloads_total', 1_000, ...components)
    .counter('downloads_total{outcome="success"}', 995, ...components)
    .histogram('kafka_processing_duration_seconds', [900, 980, 990, 999, 1_000], ...components)
    .histogram('onelake_upload_duration_seconds', [900, 980, 990, 999, 1_000], ...components)
    .gauge('circuit_breaker_state', { breaker: 'onelake' }, 0)
}
