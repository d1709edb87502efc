import type { Cluster } from '../cluster/cluster.ts'
import { isReady, nameOf, restartsOf, type Pod } from '../cluster/component.ts'
import type { Counted, History } from '../decide/history.ts'
import type { Observations } from '../decide/observations.ts'
import { messageOf, UserError } from '../errors.ts'
import type { Clock, Logger } from '../ports.ts'
import type { Series } from '../runbook/fields.ts'
import type { Component } from '../runbook/schema.ts'
import { readExposition, type Sample } from './exposition.ts'
import type { Gauge, Metrics, PerComponent, Span } from './metrics.ts'
import {
  ScrapedCounter,
  seriesKey,
  type ComponentReading,
  type Increments,
  type PodReading,
} from './scraped-counts.ts'

/** Series of the runbook file, by how they are read; histograms without `_bucket`. */
export interface WantedSeries {
  readonly counters: readonly Series[]
  readonly histograms: readonly Series[]
  readonly gauges: readonly Series[]
}

export interface PodMetricsOptions {
  readonly cluster: Pick<Cluster, 'components' | 'podGet' | 'namespace'>
  readonly components: readonly Component[]
  /** The series that will be asked for: nothing else is kept. */
  readonly wanted: WantedSeries
  /** Time between two looks, milliseconds. */
  readonly everyMs: number
  /** Share of the pods that a step must cover. */
  readonly coverage: number
  readonly clock: Clock
  readonly log: Pick<Logger, 'debug'>
}

/** One look of a watch asks several questions; what was read this part of a step ago answers them all. */
const sameLook = 0.5

type Scraped = Extract<Component['metrics'], object>

/** One gauge of one pod, as it was read. */
interface GaugeSamples extends Pick<Sample, 'name' | 'labels'> {
  readonly values: { readonly at: number; readonly value: number }[]
}

/**
 * The metrics of the pods as they say them themselves, for teams without a Prometheus. It remembers only what it has read
 * since it was made; what the pods have counted before is one step that began when they did.
 */
export class PodMetrics implements Metrics {
  readonly source = 'the pods’ own /metrics'
  readonly stepMs: number
  readonly #options: PodMetricsOptions
  readonly #wantedNames: ReadonlySet<string>
  readonly #counters = new Map<string, ScrapedCounter>()
  /** Every counting series that was seen, by its key. */
  readonly #series = new Map<string, Pick<Sample, 'name' | 'labels'>>()
  /** The bounds that all pods of a component have, by component and histogram. */
  readonly #bounds = new Map<string, ReadonlySet<number>>()
  readonly #gauges = new Map<string, GaugeSamples>()
  #reading: { readonly at: number; readonly done: Promise<void> } | undefined

  constructor(options: PodMetricsOptions) {
    this.#options = options
    this.stepMs = options.everyMs
    const { counters, histograms, gauges } = options.wanted
    const buckets = histograms.map(({ name }) => `${name}_bucket`)
    this.#wantedNames = new Set([...[...counters, ...gauges].map(({ name }) => name), ...buckets])
  }

  async counted(counter: Series, span: Span, signal: AbortSignal): Promise<PerComponent<readonly Counted[]>> {
    await this.#read(signal)
    const keys = this.#keysOf(counter)
    return this.#perComponent(keys, span, (increments) =>
      keys.reduce((sum, key) => sum + (increments.get(key) ?? 0), 0),
    )
  }

  async observed(histogram: Series, span: Span, signal: AbortSignal): Promise<PerComponent<Observations>> {
    await this.#read(signal)
    const name = `${histogram.name}_bucket`
    const keys = this.#keysOf({ ...histogram, name })
    const byBound = Map.groupBy(keys, (key) => boundOf(this.#series.get(key)))
    const components = [...this.#counters.keys()].flatMap((component) => {
      const bounds = [...(this.#bounds.get(`${component} ${name}`) ?? [])].sort((a, b) => a - b)
      const steps = this.#perComponent(keys, span, (increments) =>
        bounds.map((each) =>
          (byBound.get(each) ?? []).reduce((sum, key) => sum + (increments.get(key) ?? 0), 0),
        ),
      ).get(component)
      return steps === undefined || bounds.length === 0 ? [] : [[component, { bounds, steps }] as const]
    })
    return new Map(components)
  }

  async gauges(gauge: Series, { from, to }: Span, signal: AbortSignal): Promise<readonly Gauge[]> {
    await this.#read(signal)
    return [...this.#gauges.values()].flatMap(({ name, labels, values }) => {
      const history = values.filter(({ at }) => at >= from.getTime() && at <= to.getTime())
      return matches(gauge, { name, labels }) && history.length > 0 ? [{ labels, history }] : []
    })
  }

  custom(): Promise<History<number>> {
    return Promise.reject(
      new UserError(
        'A `query` needs a Prometheus, and the runbook file has no section `prometheus`.',
        'Add the section, or take the query out: the pods are read without one.',
      ),
    )
  }

  byHand({ name }: Series): string {
    const { cluster, components } = this.#options
    const first = components.find((component) => component.metrics !== false)?.metrics
    const { port, path } = first === undefined || first === false ? { port: 8000, path: '/metrics' } : first
    return `kubectl get --raw /api/v1/namespaces/${cluster.namespace}/pods/<pod>:${port}/proxy${path} | grep ${name}`
  }

  /** Steps that end in the span, of the components that have one of the series. */
  #perComponent<T>(
    keys: readonly string[],
    span: Span,
    count: (increments: Increments) => T,
  ): ReadonlyMap<string, Counted<T>[]> {
    const found = new Map<string, Counted<T>[]>()
    for (const [component, counter] of this.#counters) {
      const steps = counter.steps.filter(({ at }) => at > span.from.getTime() && at <= span.to.getTime())
      if (!steps.some(({ value }) => keys.some((key) => value?.has(key) === true))) continue
      const counted = steps.map(({ from, at, value }) => ({ from, at, value: value && count(value) }))
      found.set(component, counted)
    }
    return found
  }

  #keysOf(series: Series): string[] {
    return [...this.#series].flatMap(([key, known]) => (matches(series, known) ? [key] : []))
  }

  /** Reads all pods once a look, whoever asks first. */
  async #read(signal: AbortSignal): Promise<void> {
    const at = this.#options.clock.now().getTime()
    const last = this.#reading
    if (last !== undefined && at - last.at < sameLook * this.stepMs) return last.done
    const done = this.#readAll(at, signal)
    const reading = { at, done }
    this.#reading = reading
    try {
      await done
    } catch (error) {
      // What could not be read answers nobody who asks next.
      if (this.#reading === reading) this.#reading = undefined
      throw error
    }
  }

  async #readAll(at: number, signal: AbortSignal): Promise<void> {
    const { cluster, components, coverage } = this.#options
    const scraped = components.flatMap(({ deployment, metrics }) =>
      metrics === false ? [] : [{ deployment, metrics }],
    )
    const states = await cluster.components(
      scraped.map(({ deployment }) => deployment),
      signal,
    )
    const readings = await Promise.all(
      scraped.map(async ({ deployment, metrics }) => {
        const pods = (states.get(deployment)?.pods ?? []).filter(isReady)
        const read = await Promise.all(pods.map((pod) => this.#readPod(pod, metrics, signal)))
        const known = read.filter((pod) => pod !== undefined)
        return [deployment, { at, pods: known, unread: read.length - known.length }] as const
      }),
    )
    signal.throwIfAborted()
    for (const [deployment, reading] of readings) {
      getOrMake(this.#counters, deployment, () => new ScrapedCounter(coverage)).add(reading)
      this.#remember(deployment, reading)
    }
  }

  #remember(component: string, { at, pods }: ComponentReading): void {
    const gauges = new Set(this.#options.wanted.gauges.map(({ name }) => name))
    for (const { uid, pod, samples } of pods) {
      const bounds = new Map<string, Set<number>>()
      for (const { name, labels, value } of samples) {
        if (gauges.has(name)) {
          this.#rememberGauge(uid, { name, labels: { ...labels, pod } }, { at, value })
          continue
        }
        this.#series.set(seriesKey({ name, labels }), { name, labels })
        if (labels.le !== undefined) getOrMake(bounds, name, () => new Set<number>()).add(boundOf({ labels }))
      }
      for (const [name, own] of bounds) {
        const key = `${component} ${name}`
        this.#bounds.set(key, this.#bounds.get(key)?.intersection(own) ?? own)
      }
    }
  }

  #rememberGauge(
    uid: string,
    series: Pick<Sample, 'name' | 'labels'>,
    sample: { readonly at: number; readonly value: number },
  ): void {
    if (!Number.isFinite(sample.value)) return
    const made = (): GaugeSamples => ({ ...series, values: [] })
    getOrMake(this.#gauges, `${uid} ${seriesKey(series)}`, made).values.push(sample)
  }

  /** Undefined where it could not be read: it may be on its way out, or too busy; its component says how many are. */
  async #readPod(
    pod: Pod,
    { port, path, timeout }: Scraped,
    signal: AbortSignal,
  ): Promise<PodReading | undefined> {
    const { cluster, log } = this.#options
    const timed = AbortSignal.any([signal, AbortSignal.timeout(timeout)])
    try {
      const { status, body, truncated } = await cluster.podGet(nameOf(pod), port, path, timed)
      if (status !== 200) throw new Error(`it answers ${status}`)
      if (truncated === true) throw new Error('it answers with more than 1 MiB')
      const samples = readExposition(body, (name) => this.#wantedNames.has(name))
      const uid = pod.metadata?.uid ?? nameOf(pod)
      return { uid, pod: nameOf(pod), restarts: restartsOf(pod), startedAt: startOf(pod), samples }
    } catch (error) {
      signal.throwIfAborted()
      log.debug(`${nameOf(pod)}: GET ${path}: ${messageOf(error)}`)
      return undefined
    }
  }
}

/** When the last of its containers began; a counter cannot be older. */
function startOf(pod: Pod): number {
  const began = (pod.status?.containerStatuses ?? []).flatMap(({ state }) => state?.running?.startedAt ?? [])
  const created = pod.status?.startTime ?? pod.metadata?.creationTimestamp ?? ''
  const times = (began.length === 0 ? [created] : began).map((time) => Date.parse(time))
  return Math.max(0, ...times.filter((time) => !Number.isNaN(time)))
}

function matches({ name, labels }: Series, series: Pick<Sample, 'name' | 'labels'>): boolean {
  return (
    series.name === name && Object.entries(labels).every(([label, value]) => series.labels[label] === value)
  )
}

/** `5` and `5.0` are the same bound; NaN where it is none. */
function boundOf(series: Pick<Sample, 'labels'> | undefined): number {
  const le = series?.labels.le
  if (le === undefined) return Number.NaN
  return le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le)
}

function getOrMake<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const known = map.get(key)
  if (known !== undefined) return known
  const made = make()
  map.set(key, made)
  return made
}
