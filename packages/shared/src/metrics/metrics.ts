import type { Counted, History } from '../decide/history.ts'
import type { Series } from '../runbook/fields.ts'

/** The time that is asked about. */
export interface Span {
  readonly from: Date
  readonly to: Date
  /** Time between two points. A source that knows only some of them says so by gaps. */
  readonly stepMs: number
}

/** A histogram's counts: all observations, and those above a bound. */
export interface SlowCounts {
  readonly all: readonly Counted[]
  readonly slow: readonly Counted[]
  /** The bound that was counted by, seconds: the wanted one, or the next bucket below it where there is no such bucket. */
  readonly bound: number
}

/** One gauge of one pod or breaker. */
export interface Gauge {
  readonly labels: Readonly<Record<string, string>>
  readonly history: History<number>
}

/** Where the pipeline's own metrics are read: a Prometheus, or the pods themselves. */
export interface Metrics {
  /** Where it reads, for people: `Prometheus at https://…`, `the pods’ /metrics`. */
  readonly source: string
  /**
   * How much was counted in each step of the span: resets taken out, a young pod counted from 0.
   * Undefined where no pod has such a series. A step without a measurement is a gap.
   *
   * @throws UserError where the source does not answer, refuses, or answers only in part
   */
  counted(counter: Series, span: Span, signal: AbortSignal): Promise<readonly Counted[] | undefined>
  /** A histogram (its name without `_bucket`): how many observations there were, and how many above `boundSeconds`. */
  slow(
    histogram: Series,
    boundSeconds: number,
    span: Span,
    signal: AbortSignal,
  ): Promise<SlowCounts | undefined>
  /** A quantile of a histogram in seconds in each step, for people and for comparisons with a baseline. */
  quantile(
    histogram: Series,
    quantile: number,
    span: Span,
    signal: AbortSignal,
  ): Promise<History<number> | undefined>
  /** Every series of a gauge. */
  gauges(series: Series, span: Span, signal: AbortSignal): Promise<readonly Gauge[]>
  /** The values of a PromQL query of the team, one number a step. Refused where there is no Prometheus. */
  custom(query: string, span: Span, signal: AbortSignal): Promise<History<number>>
  close(): Promise<void>
}
