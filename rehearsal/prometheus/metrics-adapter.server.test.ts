// The product's reading of metrics and alerts, against the real Prometheus and Alertmanager.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { stringify } from 'yaml'
import { FakeCluster } from '../../packages/shared/src/cluster/cluster.fixture.ts'
import { QueryRejected } from '../../packages/shared/src/metrics/explain-monitoring.ts'
import { MonitoringAlerts } from '../../packages/shared/src/metrics/monitoring-alerts.ts'
import {
  monitoringConnections,
  type MonitoringConnections,
} from '../../packages/shared/src/metrics/monitoring-connections.ts'
import { PrometheusMetrics } from '../../packages/shared/src/metrics/prometheus-metrics.ts'
import { countQuery, podSeries } from '../../packages/shared/src/metrics/promql.ts'
import { silent, systemClock } from '../../packages/shared/src/ports.ts'
import { TEN_LINES } from '../../packages/shared/src/runbook/example.ts'
import { loadRunbook } from '../../packages/shared/src/runbook/load.ts'
import { startAlertmanager, type Alertmanager } from './alertmanager.ts'
import { buildAlertmanager, buildPrometheus } from './build.ts'
import { ScrapedPod } from './scraped-pod.fixture.ts'
import { startServer, type ServerProcess } from './server-process.ts'

const { signal } = new AbortController()
/** Long enough that a busy machine does not leave both scrapes of a step out. */
const scrapeIntervalMs = 2000
/** A step of the product holds two scrapes. */
const stepMs = 2 * scrapeIntervalMs
/** What a test's own query remembers. */
const shortMemoryMs = 6000
/** Short against the memory of the product, 10 min, and longer than the short one and a step. */
const outageSeconds = 12
const labels = { namespace: 'namespace', pod: 'pod' }
const pods = { namespace: 'team', deployments: ['worker', 'idle'], labels }
const messages = { name: 'messages_total', labels: { topic: 'a' } }
const errors = { name: 'errors_total', labels: {} }

const rules = `groups:
  - name: test
    rules:
      - { alert: AlwaysOn, expr: 'vector(1)', labels: { severity: critical }, annotations: { summary: always } }
      - { alert: NeverOn, expr: 'vector(1) > 2' }
      - { record: some:series, expr: 'vector(1)' }
`

let dir: string
let prometheus: ServerProcess
let alertmanager: Alertmanager
let connections: MonitoringConnections
const [a, b, idle] = await Promise.all(
  ['worker-1-a', 'worker-1-b', 'idle-1-x'].map((name) => ScrapedPod.start(name)),
)

function connected() {
  const runbook = loadRunbook(
    `${TEN_LINES}prometheus: { url: "${prometheus.url}/", scrape-interval: 2s, retry-for: 0s }
gates: { incidents: { alertmanager: "${alertmanager.url}" } }
`,
    { file: 'runbook.yaml' },
  )
  return monitoringConnections(runbook, {
    cluster: new FakeCluster(),
    variables: {},
    clock: systemClock,
    log: silent,
    mask: () => undefined,
  })
}

function metricsOf(): PrometheusMetrics {
  if (connections.prometheus === undefined) throw new Error('no Prometheus')
  return new PrometheusMetrics({
    ...connections.prometheus,
    pods,
    scrapeIntervalMs,
    rateWindowMs: 10_000,
    coverage: 0.8,
    clock: systemClock,
  })
}

/** What the pods count, and what they have counted since the watched time began. */
let counted = 0
const values = { a: 1000, b: 0, errors: 0 }
function show(): void {
  const errorSamples = values.errors > 0 ? [['errors_total', values.errors] as const] : []
  if (a!.samples !== undefined)
    a!.samples = new Map([['messages_total{topic="a"}', values.a], ...errorSamples])
  if (b!.samples !== undefined) b!.samples = new Map([['messages_total{topic="a"}', values.b]])
}
function count(pod: 'a' | 'b', more: number): void {
  values[pod] += more
  counted += more
  show()
}
/** Both pods work for a while, a little all the time. */
async function work(seconds: number): Promise<void> {
  for (let tick = 0; tick < seconds * 10; tick += 1) {
    count('a', 7)
    if (b!.samples !== undefined) count('b', 3)
    await delay(100)
  }
}
/** What Prometheus has for a time, by pod; nothing of a pod that cannot be scraped. */
async function newest(query: string, atMs = Date.now()): Promise<Map<string, number>> {
  const range = { fromMs: atMs, toMs: atMs, stepMs: scrapeIntervalMs }
  const answer = await connections.prometheus!.connect().range(query, range, signal)
  return new Map(answer.map(({ labels: { pod = '' }, values: [sample] }) => [pod, sample?.[1] ?? Number.NaN]))
}
/** Until what the pods have counted has been scraped. */
async function seen(): Promise<void> {
  await until(async () => {
    const known = await newest('messages_total')
    return ([a!, b!] as const).every((pod) => {
      const shown = pod.samples?.get('messages_total{topic="a"}')
      return shown === undefined || known.get(pod.name) === shown
    })
  })
}
/** Until every pod has been scraped at a time or after it: Prometheus begins with that some seconds after its start. */
async function scraped(atMs: number): Promise<void> {
  await until(async () => {
    const times = [...(await newest('timestamp(up)')).values()]
    return times.length === 3 && times.every((seconds) => seconds * 1000 >= atMs)
  })
}

/** Whether every pod could be scraped in a time before `at`; where none was tried, there is no sample at all. */
async function allScrapedIn(range: string, at: Date): Promise<boolean> {
  const up = [...(await newest(`max_over_time(up${range})`, at.getTime())).values()]
  return up.length === 3 && up.every((value) => value === 1)
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await delay(100)
}

let from: Date
let to: Date
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'metrics-'))
  const log = (line: string): void => void process.stdout.write(`${line}\n`)
  const configuration = join(dir, 'prometheus.yml')
  const rulesFile = join(dir, 'rules.yml')
  await writeFile(rulesFile, rules)
  const target = ({ address, name }: ScrapedPod) => ({
    targets: [address],
    labels: { namespace: 'team', pod: name },
  })
  await writeFile(
    configuration,
    stringify({
      global: { scrape_interval: '2s', scrape_timeout: '1900ms', evaluation_interval: '1s' },
      rule_files: [rulesFile],
      scrape_configs: [{ job_name: 'pods', static_configs: [a!, b!, idle!].map(target) }],
    }),
  )
  alertmanager = await startAlertmanager({
    binary: await buildAlertmanager({ log }),
    dir: join(dir, 'alertmanager'),
  })
  a!.samples = new Map()
  idle!.samples = new Map([['other_total', 1]])
  show()
  prometheus = await startServer({
    name: 'prometheus',
    binary: await buildPrometheus({ log }),
    dir,
    args: (address) => [
      `--config.file=${configuration}`,
      `--storage.tsdb.path=${join(dir, 'data')}`,
      `--web.listen-address=${address}`,
    ],
  })
  connections = connected()
  const api = connections.prometheus!.connect()
  await until(async () => (await api.labels('messages_total', Date.now(), signal)).length === 1)
  await seen()

  from = new Date()
  await scraped(Date.now() + 2 * stepMs)
  await work(3)
  // A pod that is new has handled messages before it is scraped for the first time.
  count('b', 40)
  b!.samples = new Map()
  show()
  await work(3)
  // The first error makes its counter appear.
  values.errors = 5
  show()
  await work(2)
  // A container restarts. What it counts after its last scrape is lost to everybody: the test counts none.
  await seen()
  values.a = 0
  count('a', 11)
  await seen()
  await work(2)
  // One pod of two cannot be scraped for a while.
  a!.samples = undefined
  await work(outageSeconds)
  a!.samples = new Map()
  show()
  await seen()
  await work(2)
  // Prometheus itself goes away and comes back.
  await prometheus.stop()
  await work(outageSeconds)
  await prometheus.start()
  await scraped(Date.now())
  await work(3)
  await seen()
  // The last step has to be one in which every pod could be scraped: what a gap holds would come with the step after it.
  do {
    to = new Date(Math.ceil(Date.now() / stepMs) * stepMs)
    // The product takes a step for complete when a scrape interval has gone by after its end.
    await scraped(to.getTime() + scrapeIntervalMs)
  } while (!(await allScrapedIn('[4s]', to)))
}, 240_000)

afterAll(async () => {
  await connections.close()
  await Promise.all([prometheus.stop(), alertmanager.stop()])
  for (const pod of [a, b, idle]) pod!.close()
  await rm(dir, { recursive: true })
})

describe('counting', () => {
  it('is exact: young pods, restarts and outages lose nothing and add nothing', async () => {
    const all = await metricsOf().counted(messages, { from, to }, signal)
    expect([...all.keys()]).toEqual(['worker'])
    const steps = all.get('worker')!
    const total = steps.reduce((sum, { value = 0 }) => sum + value, 0)
    expect(total).toBe(counted)
  })

  it('by sums is the same as series by series, in every step', async () => {
    const steps = (await metricsOf().counted(messages, { from, to }, signal)).get('worker')!
    const whole = steps.filter((step) => step.value !== undefined && step.at - step.from === stepMs)
    const range = { fromMs: steps[0]!.at, toMs: to.getTime(), stepMs }
    const query = countQuery(podSeries(messages, pods), pods, { stepMs, memoryMs: 10 * 60_000 })
    const [exact] = await connections.prometheus!.connect().range(query, range, signal)
    expect(whole.length).toBeGreaterThan(5)
    expect(whole.map(({ at, value }) => [at, value])).toEqual(
      whole.map(({ at }) => [at, exact!.values.get(at)]),
    )
  })

  it('has gaps where nothing was measured, and what came meanwhile in the longer step after them', async () => {
    const steps = (await metricsOf().counted(messages, { from, to }, signal)).get('worker')!
    expect(steps.filter(({ value }) => value === undefined).length).toBeGreaterThanOrEqual(3)
    const longest = Math.max(...steps.map((step) => step.at - step.from))
    expect(longest).toBeGreaterThanOrEqual(6000)
    // Nowhere more than both pods handle, 100 a second, and what they had handled before they were first seen.
    for (const step of steps) {
      if (step.value === undefined) continue
      expect(step.value).toBeLessThanOrEqual(
        ((step.at - step.from) / 1000 + scrapeIntervalMs / 1000) * 110 + 40,
      )
    }
  })

  it('knows a counter that appeared with its first event, and none before', async () => {
    const steps = (await metricsOf().counted(errors, { from, to }, signal)).get('worker')!
    expect(steps.reduce((sum, { value = 0 }) => sum + value, 0)).toBe(5)
    expect(steps[0]?.value).toBe(0)
  })

  it('does not take a silence that is longer than its memory for a new pod', async () => {
    const api = connections.prometheus!.connect()
    const query = (memoryMs: number): string =>
      countQuery(podSeries(messages, pods), pods, { stepMs, memoryMs })
    const fromMs = Math.ceil(from.getTime() / stepMs) * stepMs + stepMs
    const range = { fromMs, toMs: to.getTime(), stepMs }
    const largest = async (memoryMs: number): Promise<number> => {
      const [series] = await api.range(query(memoryMs), range, signal)
      return Math.max(...series!.values.values())
    }
    // The outages are longer; what the pods had counted in all must not come back as one step.
    expect(await largest(shortMemoryMs)).toBeLessThan(700)
  })

  it('says by nothing that nothing matches', async () => {
    expect(await metricsOf().counted({ name: 'nothing_total', labels: {} }, { from, to }, signal)).toEqual(
      new Map(),
    )
    expect(await metricsOf().observed({ name: 'nothing', labels: {} }, { from, to }, signal)).toEqual(
      new Map(),
    )
  })
})

describe('a team’s own query', () => {
  it('has the pods put in', async () => {
    const history = await metricsOf().custom('sum(up{$selector})', { from, to }, signal)
    expect(history[1]).toMatchObject({ value: 2 })
  })

  it.each([
    ['sum(rate(messages_total{$selector}[$window]', 'unclosed left parenthesis'],
    ['up + on (namespace) up', 'found duplicate series'],
    ['up{$selector}', 'it gives 3 series where one number is wanted'],
  ])('that is wrong is told by the server: %s', async (query, problem) => {
    const asking = metricsOf().custom(query, { from, to }, signal)
    await expect(asking).rejects.toThrow(QueryRejected)
    await expect(asking).rejects.toThrow(problem)
  })
})

describe('alerts', () => {
  it('fire in Prometheus where there is no Alertmanager', async () => {
    const alerts = new MonitoringAlerts({ ...connections, alertmanager: undefined })
    expect(await alerts.firing(signal)).toEqual([
      expect.objectContaining({
        name: 'AlwaysOn',
        summary: 'always',
        muted: undefined,
        since: expect.any(Date) as unknown,
      }),
    ])
    expect(await alerts.rules(signal)).toEqual(new Set(['AlwaysOn', 'NeverOn']))
  })

  it('are told by Alertmanager with their silences', async () => {
    const alerts = new MonitoringAlerts(connections)
    expect(await alerts.firing(signal)).toEqual([])
    await alertmanager.fire({ alertname: 'Loud', severity: 'critical' })
    await alertmanager.fire({ alertname: 'Known', severity: 'critical' })
    const [startsAt, endsAt] = [0, 3_600_000].map((later) => new Date(Date.now() + later).toISOString())
    const matchers = [{ name: 'alertname', value: 'Known', isRegex: false, isEqual: true }]
    const response = await fetch(`${alertmanager.url}/api/v2/silences`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ matchers, startsAt, endsAt, createdBy: 'tests', comment: 'known' }),
    })
    expect(response.ok).toBe(true)
    await until(async () => (await alerts.firing(signal)).some(({ muted }) => muted !== undefined))
    const firing = await alerts.firing(signal)
    expect(firing.map(({ name, muted }) => [name, muted]).sort()).toEqual([
      ['Known', 'silenced'],
      ['Loud', undefined],
    ])
  })
})
