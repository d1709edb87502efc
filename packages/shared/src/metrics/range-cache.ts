import { labelsKey, type QueryRange, type RangeSeries } from './prometheus-api.ts'

type Ask = (query: string, range: QueryRange, signal: AbortSignal) => Promise<readonly RangeSeries[]>

interface Kept {
  readonly range: QueryRange
  readonly series: readonly RangeSeries[]
}

/**
 * What range queries have answered, so that each look of a watch asks only for the steps that are new, or so young that
 * late scrapes may still change them. The same question, asked twice at the same time, is one request.
 */
export class RangeCache {
  readonly #ask: Ask
  readonly #settleMs: number
  readonly #kept = new Map<string, Kept>()
  readonly #underWay = new Map<string, Promise<readonly RangeSeries[]>>()

  /** @param settleMs how young a step may be for its answer to change still */
  constructor(ask: Ask, settleMs: number) {
    this.#ask = ask
    this.#settleMs = settleMs
  }

  /** Steps at whole multiples of `range.stepMs`, both ends among them; `nowMs` says how old they are. */
  async get(
    query: string,
    range: QueryRange,
    nowMs: number,
    signal: AbortSignal,
  ): Promise<readonly RangeSeries[]> {
    const key = `${range.stepMs} ${query}`
    const question = `${key} ${range.fromMs} ${range.toMs}`
    const same = this.#underWay.get(question)
    if (same !== undefined) return same
    const asking = this.#extend(key, query, range, nowMs, signal)
    this.#underWay.set(question, asking)
    try {
      return await asking
    } finally {
      this.#underWay.delete(question)
    }
  }

  async #extend(
    key: string,
    query: string,
    range: QueryRange,
    nowMs: number,
    signal: AbortSignal,
  ): Promise<readonly RangeSeries[]> {
    const { fromMs, toMs, stepMs } = range
    const kept = this.#kept.get(key)
    const isContinued =
      kept !== undefined && kept.range.fromMs <= fromMs && kept.range.toMs >= fromMs - stepMs
    const settledMs = Math.floor((nowMs - this.#settleMs) / stepMs) * stepMs
    const keptUntilMs = isContinued ? Math.min(kept.range.toMs, settledMs) : fromMs - stepMs
    const old = isContinued ? kept.series.map((series) => within(series, kept.range.fromMs, keptUntilMs)) : []
    const isComplete = keptUntilMs >= toMs
    const fresh = isComplete
      ? []
      : await this.#ask(query, { fromMs: keptUntilMs + stepMs, toMs, stepMs }, signal)
    const whole = {
      fromMs: isContinued ? kept.range.fromMs : fromMs,
      toMs: Math.max(keptUntilMs, toMs),
      stepMs,
    }
    const series = joined([...old, ...fresh])
    this.#kept.set(key, { range: whole, series })
    return series.map((each) => within(each, fromMs, toMs)).filter(({ values }) => values.size > 0)
  }
}

function within({ labels, values }: RangeSeries, fromMs: number, toMs: number): RangeSeries {
  return { labels, values: new Map([...values].filter(([at]) => at >= fromMs && at <= toMs)) }
}

/** Parts of the same series as one. */
function joined(series: readonly RangeSeries[]): RangeSeries[] {
  const byLabels = new Map<string, RangeSeries>()
  for (const { labels, values } of series) {
    const key = labelsKey(labels)
    const before = byLabels.get(key)
    byLabels.set(key, {
      labels,
      values: before === undefined ? values : new Map([...before.values, ...values]),
    })
  }
  return [...byLabels.values()]
}
