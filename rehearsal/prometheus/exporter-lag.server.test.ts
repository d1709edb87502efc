// Consumer lag as the product reads it from the real Prometheus, of an exporter that names things as kafka-exporter does.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { stringify } from 'yaml'
import { connectLag } from '../../packages/shared/src/action/lag-connection.ts'
import { FakeCluster } from '../../packages/shared/src/cluster/cluster.fixture.ts'
import type { Jobs } from '../../packages/shared/src/cluster/jobs/jobs.ts'
import { groupLag } from '../../packages/shared/src/decide/group-lag.ts'
import {
  monitoringConnections,
  type MonitoringConnections,
} from '../../packages/shared/src/metrics/monitoring-connections.ts'
import { silent, systemClock } from '../../packages/shared/src/ports.ts'
import { loadRunbook } from '../../packages/shared/src/runbook/load.ts'
import { buildPrometheus } from './build.ts'
import { ScrapedPod } from './scraped-pod.fixture.ts'
import { startServer, type ServerProcess } from './server-process.ts'

const { signal } = new AbortController()
const mask = (): void => undefined
const noJobs: Jobs = {
  namespace: 'production',
  start: () => Promise.reject(new Error('no Job is wanted here')),
}

let dir: string
let prometheus: ServerProcess
const exporter = await ScrapedPod.start('exporter')
const opened: MonitoringConnections[] = []

function runbookOf(more = '') {
  return loadRunbook(
    `version: 1
pipeline: kafka-pipeline
environments: { production: { namespace: production } }
prometheus: { url: "${prometheus.url}/", scrape-interval: 1s, retry-for: 0s }
kafka: { source: prometheus${more} }
components: [{ deployment: worker, consumer-group: worker }]
`,
    { file: 'runbook.yaml' },
  )
}

function lagOf(more = '') {
  const runbook = runbookOf(more)
  const context = { clock: systemClock, variables: {}, mask }
  const monitoring = monitoringConnections(runbook, { ...context, cluster: new FakeCluster(), log: silent })
  opened.push(monitoring)
  return connectLag(runbook, { jobs: noJobs, prometheus: monitoring.prometheus }, context)
}

/** What the exporter says of each partition of a group: lag and committed offset. */
type Stand = readonly (readonly [lag: number, committed: number])[]

function samplesOf(group: string, stand: Stand, members: number): [string, number][] {
  const of = (partition: number): string =>
    `{consumergroup="${group}",topic="events",partition="${String(partition)}"}`
  return [
    ...stand.flatMap(([lag, committed], partition): [string, number][] => [
      [`kafka_consumergroup_lag${of(partition)}`, lag],
      [`kafka_consumergroup_current_offset${of(partition)}`, committed],
    ]),
    [`kafka_consumergroup_members{consumergroup="${group}"}`, members],
  ]
}

function show(...groups: [string, number][][]): void {
  exporter.samples = new Map(groups.flat())
}

const other = samplesOf('other', [[1, 1]], 1)

/** What it throws, as soon as it throws something with these words. */
async function failing(ask: () => Promise<unknown>, words: string): Promise<Error & { next?: string }> {
  for (;;) {
    const error = await ask().then(
      () => undefined,
      (thrown: unknown) => thrown as Error,
    )
    if (error?.message.includes(words) === true) return error
    await delay(100)
  }
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await delay(100)
}

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'exporter-lag-'))
  const configuration = join(dir, 'prometheus.yml')
  await writeFile(
    configuration,
    stringify({
      global: { scrape_interval: '1s', scrape_timeout: '900ms' },
      scrape_configs: [{ job_name: 'kafka-exporter', static_configs: [{ targets: [exporter.address] }] }],
    }),
  )
  show(other)
  prometheus = await startServer({
    name: 'prometheus',
    binary: await buildPrometheus({ log: (line) => void process.stdout.write(`${line}\n`) }),
    dir,
    args: (address) => [
      `--config.file=${configuration}`,
      `--storage.tsdb.path=${join(dir, 'data')}`,
      `--web.listen-address=${address}`,
    ],
  })
})

afterAll(async () => {
  await Promise.all(opened.map((each) => each.close()))
  await prometheus.stop()
  exporter.close()
  await rm(dir, { recursive: true })
})

describe('lag through Prometheus', () => {
  it('names the groups there are where the one that is wanted is in none of the series', async () => {
    const lag = lagOf()
    const error = await failing(() => lag.read(['worker'], signal), 'has no consumer group worker')
    expect(error.next).toContain('It has other.')
  })

  it('is the number of the exporter, and remembers the time before it was asked', async () => {
    const since = new Date()
    const stands: Stand[] = [
      [
        [10, 100],
        [2, 50],
        [-1, -1],
      ],
      [
        [4, 110],
        [0, 60],
        [-1, -1],
      ],
    ]
    for (const stand of stands) {
      show(other, samplesOf('worker', stand, 2))
      await delay(3_000)
    }
    const lag = lagOf()
    const reading = (await lag.read(['worker'], signal)).get('worker')
    expect(reading).toMatchObject({ group: 'worker', members: 2, unread: [] })
    expect(groupLag(reading!)).toMatchObject({ total: 4, uncommitted: [{ partition: 2 }] })
    const past = (await lag.history(['worker'], since, signal)).get('worker')!
    expect(past.map((each) => groupLag(each).total)).toEqual(expect.arrayContaining([12, 4]))
    expect(past.map(({ at }) => at)).toEqual(past.map(({ at }) => at).toSorted((a, b) => a - b))
    expect(lag.source).toBe(`Prometheus at ${prometheus.url}/ (kafka_consumergroup_lag)`)
    expect(lag.byHand(['worker'])).toBe(
      'sum by (consumergroup) (kafka_consumergroup_lag{consumergroup=~"worker"})',
    )
  })

  it('says which partition fell silent', async () => {
    const lag = lagOf()
    show(other, samplesOf('worker', [[4, 110]], 2))
    await until(async () => (await lag.read(['worker'], signal)).get('worker')!.unread.length === 2)
    const { unread } = (await lag.read(['worker'], signal)).get('worker')!
    expect(unread).toContainEqual({
      topic: 'events',
      partition: 1,
      why: expect.stringMatching(/^no value since \d\d:\d\d:\d\d UTC$/) as unknown,
    })
  })

  it('tells that there is no number', async () => {
    show(other, samplesOf('worker', [0, 1, 2].map(() => [Number.NaN, Number.NaN]) as unknown as Stand, 2))
    await failing(() => lagOf().read(['worker'], signal), 'no number of it (NaN)')
  })

  it('tells that it is stale, as soon as nothing was scraped for three intervals', async () => {
    show(other, samplesOf('worker', [[4, 110]], 2))
    const lag = lagOf()
    await until(() =>
      lag.read(['worker'], signal).then(
        () => true,
        () => false,
      ),
    )
    exporter.samples = undefined
    const error = await failing(() => lag.read(['worker'], signal), 'is stale')
    expect(error.message).toMatch(/has nothing since \d\d:\d\d:\d\d UTC\.$/)
    show(other, samplesOf('worker', [[9, 111]], 2))
    await until(async () => {
      const reading = await lag.read(['worker'], signal).catch(() => undefined)
      return reading !== undefined && groupLag(reading.get('worker')!).total === 9
    })
  })

  it('tells a metric that there is none of, and labels that are called otherwise', async () => {
    const unknown = lagOf(', exporter: { lag: kminion_lag }')
    await failing(() => unknown.read(['worker'], signal), 'has no series kminion_lag at the moment')
    const unlabelled = lagOf(', exporter: { labels: { group: group_id } }')
    const error = await failing(() => unlabelled.read(['worker'], signal), 'has no consumer group worker')
    expect(error.next).toContain('no label "group_id"')
  })

  it('asks for the cluster that the runbook file names', async () => {
    const named = lagOf(`, exporter: { lag: 'kafka_consumergroup_lag{cluster="blue"}' }`)
    await failing(() => named.read(['worker'], signal), 'has no series kafka_consumergroup_lag')
  })
})
