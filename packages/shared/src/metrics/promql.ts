import type { Series } from '../runbook/fields.ts'

/** Whose series are asked for: the pods of some Deployments, as the scrape configuration labels them. */
export interface PodSelection {
  readonly namespace: string
  readonly deployments: readonly string[]
  /** The names of the labels that hold a pod's namespace and name. */
  readonly labels: { readonly namespace: string; readonly pod: string }
}

/** The label by which what is counted is put together again: the Deployment whose pod it was. */
export const componentLabel = 'runbook_component'
/** The label that tells the numbers of one answer apart. */
export const partLabel = 'runbook_part'

/** What one answer says of each component and step. */
export type Part = 'sum' | 'changed' | 'count' | 'seen' | 'lost' | 'scraped'

export interface CountTimes {
  readonly stepMs: number
  /** A series that is silent for longer has no memory: it must not be counted from 0. At least several steps. */
  readonly memoryMs: number
}

/** The label matchers of the pods, without braces. */
export function podMatchers({ namespace, deployments, labels }: PodSelection): string {
  return `${labels.namespace}=${quoted(namespace)},${labels.pod}=~${quoted(podPattern(deployments))}`
}

/** A series of the runbook file, of the pods only. */
export function podSeries(series: Series, pods: PodSelection): string {
  return seriesWith(series, podMatchers(pods))
}

/**
 * The sum of all series at the end of each step, by component and `by`; and of how many series it may not be held against
 * the sum of the step before, because they came, went or began anew. Cheap, also for many thousands of series: none is
 * held against another, which is what costs a Prometheus its time.
 *
 * @param asked the series, and the one of its kind that comes and goes with it
 */
export function sumQueries(
  { series, whole }: { readonly series: string; readonly whole: string },
  pods: PodSelection,
  { stepMs }: CountTimes,
  by: readonly string[] = [],
): Readonly<Record<'sum' | 'changed', string>> {
  const step = duration(stepMs)
  const sum = ofComponent(`last_over_time(${series}[${step}])`, pods)
  const now = `last_over_time(${whole}[${step}])`
  const before = `last_over_time(${whole}[${step}] offset ${step})`
  const restarted = `resets(${series}[${duration(2 * stepMs)}]) > 0`
  const changed = ofComponent(
    `(${now} unless ${before}) or (${before} unless ${now}) or (${restarted})`,
    pods,
  )
  return {
    sum: `sum by (${[componentLabel, ...by].join(', ')}) (${sum})`,
    changed: `count by (${componentLabel}) (${changed})`,
  }
}

/**
 * What a counter counted in each step, by component and `by`. Exact, where `rate` and `increase` are not: they lose the
 * first increments of a young pod, and guess at the edges of a window.
 *
 * The value at the end of a step minus the value at the end of the step before, of each series. A smaller value is a
 * restart: what is there was counted since, and until then what the step's peak is above the value before. A series that
 * is new counts from 0, if its pod is new, or has been scraped without it (a counter that appears with its first event).
 * It does not where its silence has another reason: where nothing was scraped in all of the memory (Prometheus was away),
 * or this pod was known and was not. A Prometheus that is back scrapes its targets one after the other, within a scrape
 * interval: that it has scraped some of them in the step before says nothing of the others.
 */
export function countQuery(
  series: string,
  pods: PodSelection,
  { stepMs, memoryMs }: CountTimes,
  by: readonly string[] = [],
): string {
  const [step, memory] = [duration(stepMs), duration(memoryMs)]
  const now = `last_over_time(${series}[${step}])`
  const before = `last_over_time(${series}[${memory}] offset ${step})`
  const up = `up{${podMatchers(pods)}}`
  const scraped = `max_over_time(${up}[${memory}] offset ${step})`
  const increase = `${now} - ${before} >= 0`
  const peak = `max_over_time(${series}[${step}])`
  const restarted = `${now} + clamp_min(${peak} - ${before}, 0)`
  const wasThere = `max(max_over_time(${up}[${memory}] offset ${duration(2 * stepMs)})) == 1`
  const isKnown = `${up} offset ${memory} unless ${scraped} == 1`
  const isNew = `${now} and on () (${wasThere}) unless on (instance, job) (${isKnown})`
  const labels = [componentLabel, ...by].join(', ')
  return `sum by (${labels}) (${ofComponent(`(${increase}) or (${restarted}) or (${isNew})`, pods)})`
}

/**
 * How much of a component the count of a step covers, in scraped targets: those that have the series, those that had it
 * in the memory and are silent although Prometheus still knows them, and all that were scraped, with the series or not.
 *
 * @param asked the series, and the one of its kind by which silence is told: all buckets of a target come and go together
 */
export function coverageQueries(
  { series, whole }: { readonly series: string; readonly whole: string },
  pods: PodSelection,
  { stepMs, memoryMs }: CountTimes,
  by: readonly string[] = [],
): Readonly<Record<'seen' | 'lost' | 'scraped', string>> {
  const [step, memory] = [duration(stepMs), duration(memoryMs)]
  const now = (of: string): string => `last_over_time(${of}[${step}])`
  const before = `last_over_time(${whole}[${memory}] offset ${step})`
  const up = `up{${podMatchers(pods)}}`
  const targets = (expression: string, labels: readonly string[]): string => {
    const target = ['instance', 'job', pods.labels.pod, ...labels].join(', ')
    const targetsOf = ofComponent(`group by (${target}) (${expression})`, pods)
    return `count by (${[componentLabel, ...labels].join(', ')}) (${targetsOf})`
  }
  const silent = `${before} unless on (instance, job) ${now(whole)}`
  return {
    seen: targets(now(series), by),
    lost: targets(`${silent} and on (instance, job) last_over_time(${up}[${step}])`, by),
    scraped: targets(`max_over_time(${up}[${step}]) == 1`, []),
  }
}

/** Several numbers in one answer, told apart by `partLabel`. */
export function together(queries: Readonly<Record<string, string>>): string {
  return Object.entries(queries)
    .map(([part, query]) => `label_replace(${query}, "${partLabel}", "${part}", "", "")`)
    .join(' or ')
}

/** A team's own query, with the matchers of the pods for `$selector` and the window of rates for `$window`. */
export function customQuery(query: string, pods: PodSelection, rateWindowMs: number): string {
  return query.replaceAll('$selector', podMatchers(pods)).replaceAll('$window', duration(rateWindowMs))
}

/** A gauge at each scrape. A value is not carried over a scrape that is missing, as a plain selector would do for 5 min. */
export function gaugeQuery(series: string, scrapeIntervalMs: number): string {
  return `last_over_time(${series}[${duration(scrapeIntervalMs * 1.5)}])`
}

function ofComponent(expression: string, { deployments, labels }: PodSelection): string {
  const pattern = quoted(`(${alternatives(deployments)})-.+`)
  return `label_replace(${expression}, "${componentLabel}", "$1", "${labels.pod}", ${pattern})`
}

function podPattern(deployments: readonly string[]): string {
  return `(${alternatives(deployments)})-.+`
}

/** The longest first: the pods of `worker-canary` are not those of `worker`. */
function alternatives(deployments: readonly string[]): string {
  return deployments
    .toSorted((a, b) => b.length - a.length)
    .map(literal)
    .join('|')
}

/** Text as a regular expression (RE2) that matches it and nothing else. */
function literal(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')
}

/** A matcher's value for any of some texts, in quotes. */
export function anyOf(texts: readonly string[]): string {
  return quoted(texts.map(literal).join('|'))
}

function quoted(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`
}

/** A series of the runbook file with one more matcher, such as `group=~"a|b"`. */
export function seriesWith({ name, labels }: Series, matcher: string): string {
  const own = Object.entries(labels).map(([label, value]) => `${label}=${quoted(value)}`)
  return `${name}{${[...own, matcher].join(',')}}`
}

/** As Prometheus writes it, in the largest unit that holds it whole. */
function duration(ms: number): string {
  if (ms % 60_000 === 0) return `${ms / 60_000}m`
  return ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`
}
