import type { Counted, History } from '../decide/history.ts'
import type { Observations } from '../decide/observations.ts'
import type { Series } from '../runbook/fields.ts'

/** The time that is asked about. A source without memory knows only what it has seen itself. */
export interface Span {
  readonly from: Date
  readonly to: Date
}

/** By Deployment; those whose pods have no such series are left out. */
export type PerComponent<T> = ReadonlyMap<string, T>

/** One gauge of one pod or breaker. */
export interface Gauge {
  /** Those that tell it from others of the same name. */
  readonly labels: Readonly<Record<string, string>>
  readonly history: History<number>
}

/** Where the pipeline's own metrics are read: a Prometheus, or the pods themselves. */
export interface Metrics {
  /** Where it reads, for people: `Prometheus at https://…`, `the pods’ /metrics`. */
  readonly source: string
  /** Milliseconds between two points of what is counted. */
  readonly stepMs: number
  /**
   * How much was counted in each step of the span: restarts taken out, a young pod counted from 0. A step without a
   * measurement is a gap, and what was counted meanwhile is in the next one, which then begins earlier. Of a source
   * without memory, the first one begins when the pods began, which may be before the span.
   *
   * @throws UserError where the source does not answer, refuses, or answers only in part
   */
  counted(counter: Series, span: Span, signal: AbortSignal): Promise<PerComponent<readonly Counted[]>>
  /** The same of a histogram (its name without `_bucket`), for each of its buckets. */
  observed(histogram: Series, span: Span, signal: AbortSignal): Promise<PerComponent<Observations>>
  /** Every series of a gauge, at every scrape. */
  gauges(gauge: Series, span: Span, signal: AbortSignal): Promise<readonly Gauge[]>
  /**
   * The values of a PromQL query of the team, one number a step.
   *
   * @throws UserError also where there is no Prometheus; QueryRejected where it gives no single number
   */
  custom(query: string, span: Span, signal: AbortSignal): Promise<History<number>>
  /** How to ask by hand how much of a series was counted: PromQL, or a shell command. */
  byHand(series: Series): string
}
