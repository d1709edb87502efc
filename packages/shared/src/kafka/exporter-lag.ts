import type { GroupReading } from '../decide/group-reading.ts'
import { UserError } from '../errors.ts'
import type { PrometheusApi, QueryRange } from '../metrics/prometheus-api.ts'
import { RangeCache } from '../metrics/range-cache.ts'
import type { Clock } from '../ports.ts'
import type { ConsumerLag } from './consumer-lag.ts'
import { exporterQuery, knownGroupsQuery, lagByHand, type ExporterNames } from './exporter-query.ts'
import { exporterReadings, timeOf } from './exporter-readings.ts'

/** A partition that is silent for longer does not exist any more; at least so many scrapes. */
const memoryMs = 10 * 60_000
const memoryScrapes = 10
/** After so many scrape intervals without a value, the last one says nothing of now. */
const freshScrapes = 3
/** Groups that are named where the one that was asked for is not known. */
const namedGroups = 5

export interface ExporterLagOptions {
  /** Where the Prometheus is, for people. */
  readonly place: string
  /** Called when something is asked, and again each time: it keeps the connection. */
  readonly connect: () => PrometheusApi
  readonly exporter: ExporterNames
  readonly scrapeIntervalMs: number
  readonly clock: Clock
}

type Readings = ReadonlyMap<string, readonly GroupReading[]>

/** Lag as an exporter tells it and a Prometheus keeps it: one range query for now and for the time before. */
export class ExporterLag implements ConsumerLag {
  readonly source: string
  readonly #options: ExporterLagOptions
  readonly #memoryMs: number
  readonly #cache: RangeCache

  constructor(options: ExporterLagOptions) {
    const { place, connect, scrapeIntervalMs, exporter } = options
    this.source = `Prometheus at ${place} (${exporter.lag.name})`
    this.#options = options
    this.#memoryMs = Math.max(memoryMs, memoryScrapes * scrapeIntervalMs)
    this.#cache = new RangeCache(
      (query, range, signal) => connect().range(query, range, signal),
      freshScrapes * scrapeIntervalMs,
    )
  }

  async read(groups: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, GroupReading>> {
    const { clock, scrapeIntervalMs } = this.#options
    const now = clock.now().getTime()
    const past = await this.#readings(groups, now - this.#memoryMs, signal)
    const latest = new Map(
      groups.flatMap((group): [string, GroupReading][] => {
        const reading = past.get(group)?.at(-1)
        return reading === undefined ? [] : [[group, reading]]
      }),
    )
    const freshFrom = now - freshScrapes * scrapeIntervalMs
    const silent = groups.find((group) => (latest.get(group)?.at ?? 0) < freshFrom)
    if (silent !== undefined) throw await this.#explained(silent, latest.get(silent), signal)
    return latest
  }

  async history(groups: readonly string[], since: Date, signal: AbortSignal): Promise<Readings> {
    const past = await this.#readings(groups, since.getTime(), signal)
    // A part of a group at one time and the whole at another would look like a rise.
    return new Map(
      [...past].map(([group, each]) => [group, each.filter(({ unread }) => unread.length === 0)]),
    )
  }

  byHand(groups: readonly string[]): string {
    return lagByHand(this.#options.exporter, groups)
  }

  /** The connection belongs to whoever gave it. */
  close(): Promise<void> {
    return Promise.resolve()
  }

  /** From the first scrape after `fromMs` until now, oldest first. */
  async #readings(groups: readonly string[], fromMs: number, signal: AbortSignal): Promise<Readings> {
    const { exporter, scrapeIntervalMs: stepMs, clock } = this.#options
    const now = clock.now().getTime()
    const range = {
      fromMs: Math.ceil(fromMs / stepMs) * stepMs,
      toMs: Math.floor(now / stepMs) * stepMs,
      stepMs,
    }
    if (range.fromMs > range.toMs) return new Map(groups.map((group) => [group, []]))
    const query = exporterQuery(exporter, groups, stepMs)
    const series = await this.#cache.get(query, range, now, signal)
    const grid = gridOf(range)
    return new Map(
      groups.map((group) => [group, exporterReadings(group, series, exporter, grid, this.#memoryMs)]),
    )
  }

  /** Why nothing is known of a group now: no such metric, another group, no numbers, or silence. */
  async #explained(group: string, last: GroupReading | undefined, signal: AbortSignal): Promise<UserError> {
    const { connect, clock, exporter, scrapeIntervalMs } = this.#options
    const { name } = exporter.lag
    const query = knownGroupsQuery(exporter, scrapeIntervalMs)
    const found = await connect().labels(query, clock.now().getTime(), signal)
    const known = found.flatMap((labels) => labels[exporter.labels.group] ?? []).toSorted()
    if (known.includes(group)) {
      return new UserError(
        `${this.source} has the consumer group ${group}, but no number of it (NaN).`,
        'Look at the exporter’s log: it could not read the group.',
      )
    }
    if (last !== undefined) {
      return new UserError(
        `The lag of the consumer group ${group} is stale: ${this.source} has nothing since ${timeOf(last.at)}.`,
        'Look at the exporter and at its target in Prometheus: was it scraped since?',
      )
    }
    if (found.length === 0) {
      return new UserError(
        `${this.source} has no series ${name} at the moment.`,
        'Scrape a kafka-exporter, or say how the metric of yours is called: kafka.exporter.lag.',
      )
    }
    const named = known.slice(0, namedGroups).join(', ')
    const rest = known.length > namedGroups ? ` and ${known.length - namedGroups} more` : ''
    return new UserError(
      `${this.source} has no consumer group ${group}.`,
      known.length === 0
        ? `Its series have no label "${exporter.labels.group}": see kafka.exporter.labels.`
        : `It has ${named}${rest}. A group that never committed is in none; the group filter of the exporter may leave it out.`,
    )
  }
}

function gridOf({ fromMs, toMs, stepMs }: QueryRange): number[] {
  return Array.from({ length: (toMs - fromMs) / stepMs + 1 }, (_, index) => fromMs + index * stepMs)
}
