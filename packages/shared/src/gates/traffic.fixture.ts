// Made-up traffic for simulated watches: what a pipeline of three components counts, healthy and noisy, or with a fault.
import type { Chance } from '../decide/chance.fixture.ts'
import { FakeMetrics } from '../metrics/metrics.fixture.ts'

const minute = 60_000
const stepMs = 30_000
/** Enough for a baseline before the watch. */
const beforeMs = 31 * minute
/** An hour, and what a watch may be extended by. */
const afterMs = 90 * minute
/** The component that may have a fault. */
const downloading = 'download-worker'
const bounds = [0.1, 0.5, 1, 2.5, 5, 10]

/** What a release does wrong, from some minute of the watch on. */
export interface MetricFault {
  readonly name: string
  /** The share of messages that fail. */
  readonly errors?: number
  /** The p95 of the work, in seconds. */
  readonly p95?: number
  readonly uploadsSlower?: number
  /** Dead letters per minute. */
  readonly dead?: number
  /** Retries come so many times more often. */
  readonly retries?: number
  /** The share of downloads that fail. */
  readonly downloads?: number
  readonly breaker?: boolean
}

export const metricFaults: readonly MetricFault[] = [
  { name: '2 % of the messages of one component fail', errors: 0.02 },
  { name: '10 % of the messages of one component fail', errors: 0.1 },
  { name: 'p95 of the work is 7 s', p95: 7 },
  { name: 'uploads take four times as long', uploadsSlower: 4 },
  { name: '20 dead letters a minute', dead: 20 },
  { name: 'ten times more retries in every component', retries: 10 },
  { name: '10 % of the downloads fail', downloads: 0.1 },
  { name: 'a breaker opens', breaker: true },
]

/**
 * What the components count around a watch that begins at `since`; noisy, with gaps.
 *
 * @param faultAt from when on the release is faulty; as `since` in milliseconds since the epoch
 */
export function simulateTraffic(
  chance: Chance,
  components: readonly string[],
  since: number,
  fault?: MetricFault,
  faultAt = since,
): FakeMetrics {
  const metrics = new FakeMetrics(stepMs)
  metrics.bounds = [...bounds, Number.POSITIVE_INFINITY]
  const begin = since - beforeMs
  const steps = (beforeMs + afterMs) / stepMs
  const isGap = gaps(chance, steps)
  metrics.bridgesGaps = true
  /**
   * What each step counts; gaps are the same for all, as a Prometheus that is away makes them. What comes in a gap is
   * counted in the next step that is measured.
   */
  const series = <T>(make: (at: number) => T, add: (a: T, b: T) => T): ((at: number) => T | undefined) => {
    const values = Array.from({ length: steps }, (_, index) => make(begin + index * stepMs))
    return (at) => {
      const index = Math.round((at - begin) / stepMs)
      if (isGap(index)) return undefined
      let sum = values[index]
      for (let before = index - 1; isGap(before); before -= 1) {
        const hidden = values[before]
        if (sum !== undefined && hidden !== undefined) sum = add(sum, hidden)
      }
      return sum
    }
  }
  const counts = (make: (at: number) => number) => series(make, (a, b) => a + b)
  const buckets = (make: (at: number) => readonly number[]) =>
    series(make, (a, b) => a.map((count, index) => count + (b[index] ?? 0)))
  const isOn = (at: number): boolean => fault !== undefined && at > faultAt
  const perMinute = Math.exp(chance.between(Math.log(200), Math.log(5_000)))
  const perStep = (perMinute * stepMs) / minute
  const level = chance.between(0.001, 0.004)
  const burst = chance.between(1, 4)
  // So that ten times as many are more than the 1 % below which nothing is a spike.
  const retryLevel = chance.between(0.004, 0.03)
  const deadLevel = chance.between(0, 0.6)
  const downloadFailures = chance.between(0.003, 0.02)
  const work = { median: chance.between(0.4, 1.2), spread: chance.between(0.5, 0.7) }
  const upload = { median: chance.between(0.3, 0.8), spread: 0.6 }

  for (const component of components) {
    const isFaulty = component === downloading
    const load = loads(chance, perStep, steps)
    const messages = counts((at) => load(Math.round((at - begin) / stepMs)))
    const ofMessages = (at: number): number => load(Math.round((at - begin) / stepMs))
    metrics.counter('kafka_messages_consumed_total', messages, component)
    const failing = (at: number): number => (isFaulty && isOn(at) ? (fault?.errors ?? level) : level)
    metrics.counter(
      'kafka_processing_errors_total',
      counts((at) => Math.min(ofMessages(at), chance.bursts(ofMessages(at) * failing(at), burst))),
      component,
    )
    // What is retried is counted of the pipeline as a whole.
    const retrying = (at: number): number => retryLevel * (isOn(at) ? (fault?.retries ?? 1) : 1)
    metrics.counter(
      'kafka_retries_total',
      counts((at) => chance.bursts(ofMessages(at) * retrying(at), 5)),
      component,
    )
    const dead = (at: number): number => (isFaulty && isOn(at) ? (fault?.dead ?? deadLevel) : deadLevel)
    metrics.counter(
      'kafka_dlq_messages_total',
      counts((at) => chance.bursts(((isFaulty ? dead(at) : 0) * stepMs) / minute, 2)),
      component,
    )
    const slow = fault?.p95 === undefined ? work.median : fault.p95 / Math.exp(1.645 * work.spread)
    metrics.histogram(
      'kafka_processing_duration_seconds',
      buckets((at) =>
        durations(chance, ofMessages(at), isFaulty && isOn(at) ? slow : work.median, work.spread),
      ),
      component,
    )
    if (!isFaulty) continue
    const failed = counts((at) =>
      Math.min(
        ofMessages(at),
        chance.bursts(
          ofMessages(at) * (isOn(at) ? (fault?.downloads ?? downloadFailures) : downloadFailures),
          burst,
        ),
      ),
    )
    metrics.counter('downloads_total', messages, component)
    metrics.counter(
      'downloads_total{outcome="success"}',
      (at) => {
        const [all, bad] = [messages(at), failed(at)]
        return all === undefined || bad === undefined ? undefined : all - bad
      },
      component,
    )
    const uploadsSlower = (at: number): number => (isOn(at) ? (fault?.uploadsSlower ?? 1) : 1)
    metrics.histogram(
      'onelake_upload_duration_seconds',
      buckets((at) => durations(chance, ofMessages(at), upload.median * uploadsSlower(at), upload.spread)),
      component,
    )
  }
  // Now and then a breaker is open for one sample, and nobody minds.
  const blip = chance.next() < 0.2 ? since + Math.round(chance.between(1, 110)) * stepMs : Number.NaN
  metrics.gauge(
    'circuit_breaker_state',
    { breaker: 'onelake' },
    series(
      (at) => (at === blip || (fault?.breaker === true && isOn(at)) ? 2 : 0),
      (now) => now,
    ),
  )
  return metrics
}

/** The messages of each step: a slow wave, and noise that stays for a while. */
function loads(chance: Chance, perStep: number, steps: number): (index: number) => number {
  const phase = chance.between(0, 2 * Math.PI)
  let noise = 0
  const counts = Array.from({ length: steps }, (_, index) => {
    noise = 0.9 * noise + 0.12 * chance.normal()
    return chance.poisson(
      perStep * (1 + 0.3 * Math.sin(phase + (index * stepMs) / (40 * minute))) * Math.exp(noise),
    )
  })
  return (index) => counts[index] ?? 0
}

/** Steps that were not measured: one now and then, and in one watch of ten some minutes in a row. */
function gaps(chance: Chance, steps: number): (index: number) => boolean {
  const missing = new Set<number>()
  for (let index = 0; index < steps; index += 1) if (chance.next() < 0.01) missing.add(index)
  if (chance.next() < 0.1) {
    const begin = Math.floor(chance.between(0, steps))
    const length = Math.floor(chance.between(4, 10))
    for (let index = begin; index < begin + length; index += 1) missing.add(index)
  }
  return (index) => missing.has(index)
}

/** How many of so many lognormal durations are at most as long as each bound; the median wanders a little. */
function durations(chance: Chance, count: number, median: number, spread: number): number[] {
  const wandering = Math.log(median) + 0.08 * chance.normal()
  const counts: number[] = []
  let left = count
  let below = 0
  for (const bound of bounds) {
    const share = normalBelow((Math.log(bound) - wandering) / spread)
    const inBucket = Math.min(left, chance.poisson(Math.max(0, count * share - below)))
    below += inBucket
    left -= inBucket
    counts.push(below)
  }
  return [...counts, count]
}

/** The share of a standard normal distribution below `z` (Abramowitz and Stegun 26.2.17, error below 1e-7). */
function normalBelow(z: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(z))
  const density = Math.exp(-(z ** 2) / 2) / Math.sqrt(2 * Math.PI)
  const tail =
    density * t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
  return z > 0 ? 1 - tail : tail
}
