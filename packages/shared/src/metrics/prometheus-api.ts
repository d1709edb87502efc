import * as z from 'zod'
import { UserError } from '../errors.ts'
import type { MonitoringApi } from './monitoring-api.ts'

const value = z.tuple([z.number(), z.string()])
const labels = z.record(z.string(), z.string())

const matrix = z.object({
  resultType: z.literal('matrix'),
  result: z.array(z.object({ metric: labels, values: z.array(value).default([]) })),
})
const vector = z.object({
  resultType: z.literal('vector'),
  result: z.array(z.object({ metric: labels, value: value.optional() })),
})
const scalar = z.object({ resultType: z.enum(['scalar', 'string']), result: value })

const alerts = z.object({
  alerts: z.array(
    z.object({
      labels,
      annotations: labels.default({}),
      state: z.string(),
      activeAt: z.string().optional(),
    }),
  ),
})
const rules = z.object({
  groups: z.array(z.object({ rules: z.array(z.object({ type: z.string(), name: z.string() })) })),
})

function envelope<T extends z.ZodType>(data: T) {
  return z.object({
    status: z.literal('success'),
    data,
    warnings: z.array(z.string()).default([]),
  })
}

const rangeAnswer = envelope(matrix)
const instantAnswer = envelope(z.discriminatedUnion('resultType', [vector, scalar, matrix]))
const alertsAnswer = envelope(alerts)
const rulesAnswer = envelope(rules)

/** One series of a range query. Values that are no number (NaN, ±Inf) are left out: nothing can be concluded from them. */
export interface RangeSeries {
  readonly labels: Readonly<Record<string, string>>
  /** By the time in milliseconds. */
  readonly values: ReadonlyMap<number, number>
}

/** The same for the same labels, in whatever order they stand. */
export function labelsKey(labels: RangeSeries['labels']): string {
  return JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)))
}

export interface QueryRange {
  readonly fromMs: number
  readonly toMs: number
  readonly stepMs: number
}

/** A Prometheus, or what speaks its HTTP API (Thanos, Mimir, VictoriaMetrics). */
export class PrometheusApi {
  readonly #api: MonitoringApi

  constructor(api: MonitoringApi) {
    this.#api = api
  }

  /** Every method throws UserError where the server does not answer, refuses, or answers only in part. */
  async range(
    query: string,
    { fromMs, toMs, stepMs }: QueryRange,
    signal: AbortSignal,
  ): Promise<RangeSeries[]> {
    const parameters = {
      query,
      start: seconds(fromMs),
      end: seconds(toMs),
      step: seconds(stepMs),
    }
    const { result } = await this.#data(
      { path: '/api/v1/query_range', parameters, asForm: true },
      rangeAnswer,
      signal,
    )
    return result.map(({ metric, values }) => ({
      labels: metric,
      values: new Map(
        values.flatMap(([at, text]) => (isNumber(text) ? [[Math.round(at * 1000), Number(text)]] : [])),
      ),
    }))
  }

  /** The label sets that a query gives at one moment. */
  async labels(
    query: string,
    atMs: number,
    signal: AbortSignal,
  ): Promise<Readonly<Record<string, string>>[]> {
    const parameters = { query, time: seconds(atMs) }
    const data = await this.#data({ path: '/api/v1/query', parameters, asForm: true }, instantAnswer, signal)
    return data.resultType === 'vector' ? data.result.map(({ metric }) => metric) : []
  }

  /** The alerts that are pending or firing. */
  async alerts(signal: AbortSignal): Promise<z.infer<typeof alerts>['alerts']> {
    return (await this.#data({ path: '/api/v1/alerts', parameters: {} }, alertsAnswer, signal)).alerts
  }

  /** The names of the alerting rules that are loaded. */
  async alertingRules(signal: AbortSignal): Promise<ReadonlySet<string>> {
    const { groups } = await this.#data(
      { path: '/api/v1/rules', parameters: { type: 'alert' } },
      rulesAnswer,
      signal,
    )
    return new Set(
      groups.flatMap((group) =>
        group.rules.filter(({ type }) => type === 'alerting').map(({ name }) => name),
      ),
    )
  }

  close(): Promise<void> {
    return this.#api.close()
  }

  async #data<T>(
    question: Parameters<MonitoringApi['json']>[0],
    schema: z.ZodType<{ data: T; warnings: string[] }>,
    signal: AbortSignal,
  ): Promise<T> {
    const { data, warnings } = await this.#api.json(question, schema, signal)
    const [warning] = warnings
    if (warning === undefined) return data
    throw new UserError(
      `Prometheus at ${this.#api.server.place} answered only in part: ${warning}`,
      'A part of its data is missing (a store or a replica that is away); nothing is concluded from the rest.',
    )
  }
}

function isNumber(text: string): boolean {
  return Number.isFinite(Number(text))
}

function seconds(ms: number): string {
  return (ms / 1000).toString()
}
