// The client on the real API server, with faults on the way: reads recover, and no write is done twice.
import { randomBytes } from 'node:crypto'
import { once as eventOnce } from 'node:events'
import { connect as connectHttp2 } from 'node:http2'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { silent } from '../ports.ts'
import type { KubernetesApi } from './api.ts'
import { AmbiguousWrite } from './api-error.ts'
import type { Received } from './api-server.fixture.ts'
import { Collection } from './collection.ts'
import {
  blackhole,
  delay,
  everyTime,
  FaultProxy,
  injectError,
  isRead,
  isWatch,
  isWrite,
  once,
  outdate,
  reset,
  times,
  truncate,
} from './fault-proxy.fixture.ts'
import { KubernetesCluster } from './kubernetes-cluster.ts'
import { RealCluster } from './real-cluster.fixture.ts'
import { configMaps, deployments } from './resources.ts'

const cluster = new RealCluster(process.env)
const { namespace } = cluster
/** The administrator, on the straight way. */
let direct: KubernetesApi
let proxy: FaultProxy
let api: KubernetesApi
let log: string[]

beforeAll(async () => {
  direct = await cluster.start()
})

afterAll(() => cluster.stop())

beforeEach(async () => {
  proxy = await FaultProxy.open(cluster.upstream)
  log = []
  api = cluster.clientThrough(proxy, {
    log: { ...silent, debug: (line) => log.push(line) },
    retry: { firstDelayMs: 10, longestDelayMs: 50, silenceMs: 400, deadlineMs: 20_000 },
  })
})

afterEach(async () => {
  await api.close()
  await proxy.close()
})

const unique = (prefix: string) => `${prefix}-${randomBytes(4).toString('hex')}`

/** A Deployment without pods. */
function paused(name: string) {
  const labels = { app: name }
  const container = { name: 'app', image: 'registry.local/nothing:v1', args: ['first'] }
  const template = { metadata: { labels }, spec: { containers: [container] } }
  return { metadata: { name }, spec: { replicas: 0, selector: { matchLabels: labels }, template } }
}

/** Turned away at the door: nothing was executed, and it shows. */
const refusals = [
  ['429 with Retry-After', () => injectError(429, { retryAfterSeconds: 1 })],
  ['503 with Retry-After', () => injectError(503, { retryAfterSeconds: 1 })],
] as const

/** Nothing was executed, but who asked cannot know. */
const lostRequests = [
  ['500', () => injectError(500)],
  ['502', () => injectError(502)],
  ['503', () => injectError(503)],
  ['a reset before the API server', () => reset('request')],
  ['a black hole before the API server', () => blackhole('request')],
] as const

/** It was executed, and who asked cannot know. */
const lostAnswers = [
  ['504 of a load balancer', () => injectError(504, { reach: 'answer' })],
  ['a reset instead of the answer', () => reset('answer')],
  ['a reset within the answer', () => reset(60)],
  ['a black hole instead of the answer', () => blackhole('answer')],
  ['a black hole within the answer', () => blackhole(60)],
  ['JSON that is cut', () => truncate(60)],
] as const

const faults = [...refusals, ...lostRequests, ...lostAnswers] as const

describe('reads recover', () => {
  const label = unique('read')
  const names = ['a', 'b', 'c'].map((each) => `${label}-${each}`)

  beforeAll(async () => {
    for (const name of names)
      await direct.create(configMaps, namespace, { metadata: { name, labels: { label } }, data: { name } })
  })

  it.each(faults)('from %s', async (_, fault) => {
    const met = proxy.inject(fault(), times(2), isRead)
    expect((await api.get(configMaps, namespace, names[0] ?? '')).data).toEqual({ name: names[0] })
    expect(met.met).toBe(2)

    // On the second of two pages.
    const paging = proxy.inject(fault(), times(2), ({ query }) => query.has('continue'))
    const { items } = await api.list(configMaps, namespace, { labelSelector: `label=${label}`, pageSize: 2 })
    expect(items.map(({ metadata }) => metadata?.name)).toEqual(names)
    expect(paging.met).toBe(2)
  })

  it.each(faults)('as questions about permissions do, from %s', async (_, fault) => {
    const met = proxy.inject(fault(), times(2), ({ method }) => method === 'POST')
    expect(await api.canI('list', configMaps, namespace)).toBe(true)
    expect(met.met).toBe(2)
  })

  it('from an answer that comes late, without asking again', async () => {
    const met = proxy.inject(delay(300), everyTime, isRead)
    await api.get(configMaps, namespace, names[0] ?? '')
    expect(met.met).toBe(1)
  })

  it('from a continue token that has expired: the list comes anew, as a whole', async () => {
    const met = proxy.inject(injectError(410), once, ({ query }) => query.has('continue'))
    const { items } = await api.list(configMaps, namespace, { labelSelector: `label=${label}`, pageSize: 2 })
    expect(items.map(({ metadata }) => metadata?.name)).toEqual(names)
    expect(met.met).toBe(1)
  })
})

/** Follows ConfigMaps while they come, change and go, and returns how often they were listed. */
async function follow(): Promise<number> {
  const label = unique('watch')
  const stop = new AbortController()
  const collection = new Collection(api, configMaps, namespace, {
    labelSelector: `label=${label}`,
    deadAfterMs: 1_000,
    backOff: { firstDelayMs: 10, longestDelayMs: 50 },
  }).start(stop.signal)
  await collection.synced
  const create = (name: string) =>
    direct.create(configMaps, namespace, { metadata: { name: `${label}-${name}`, labels: { label } } })
  for (const name of ['a', 'b', 'c']) await create(name)
  await direct.delete(configMaps, namespace, `${label}-b`)
  for (const value of ['1', '2', '3'])
    await direct.patch(configMaps, namespace, `${label}-a`, { data: { value } }, 'merge')
  const held = () => collection.items().map(({ metadata, data }) => `${metadata?.name} ${data?.value ?? ''}`)
  const wanted = [`${label}-a 3`, `${label}-c `].join()
  while (held().toSorted().join() !== wanted) await collection.next(AbortSignal.timeout(20_000))
  stop.abort()
  await collection.ended
  return proxy.received.filter((request) => isRead(request)).length
}

describe('watches recover', () => {
  const onTheWay = [
    ...refusals,
    ...lostRequests,
    ['a reset within an event', () => reset(300)],
    ['a black hole within an event', () => blackhole(300)],
    ['an event that is cut', () => truncate(300)],
  ] as const

  it.each(onTheWay)('from %s, without a second list', async (_, fault) => {
    const met = proxy.inject(fault(), times(2), isWatch)
    expect(await follow()).toBe(1)
    expect(met.met).toBe(2)
  })

  it('from 410, by a second list', async () => {
    const met = proxy.inject(injectError(410), once, isWatch)
    expect(await follow()).toBe(2)
    expect(met.met).toBe(1)
  })
})

/** A write that is made once, and how often it has been done. */
interface Write {
  /** Before the fault; what it returns is the write. */
  prepare(name: string): Promise<() => Promise<unknown>>
  timesDone(name: string): Promise<number>
}

const generation = async (name: string) =>
  (await direct.get(deployments, namespace, name)).metadata?.generation ?? 0
const counted = async (name: string) => Number((await direct.get(configMaps, namespace, name)).data?.count)

const writes = {
  /** It shows by itself when it is done twice. */
  'a JSON patch that appends': {
    async prepare(name) {
      await direct.create(deployments, namespace, paused(name))
      const append = [{ op: 'add', path: '/spec/template/spec/containers/0/args/-', value: 'more' }]
      return () => api.patch(deployments, namespace, name, append, 'json')
    },
    async timesDone(name) {
      const { spec } = await direct.get(deployments, namespace, name)
      return (spec?.template.spec?.containers[0]?.args?.length ?? 0) - 1
    },
  },
  'an image': {
    async prepare(name) {
      const created = await direct.create(deployments, namespace, paused(name))
      // Its first status is a change of somebody else's, after which nobody can tell that the write was not executed.
      await cluster.until(
        deployments,
        name,
        ({ metadata, status }) => status?.observedGeneration === metadata?.generation,
      )
      const write = {
        deployment: name,
        container: 'app',
        image: 'registry.local/nothing:v2',
        generation: created.metadata?.generation ?? 0,
        labels: { version: 'v2' },
        annotations: {},
      }
      const change = () => new KubernetesCluster(api, namespace).setImage(write, AbortSignal.timeout(30_000))
      return async () => expect((await change()).metadata?.labels).toMatchObject({ version: 'v2' })
    },
    timesDone: async (name) => (await generation(name)) - 1,
  },
  'a merge patch with a resourceVersion': {
    async prepare(name) {
      const { metadata } = await direct.create(configMaps, namespace, {
        metadata: { name },
        data: { count: '0' },
      })
      const change = { metadata: { resourceVersion: metadata?.resourceVersion }, data: { count: '1' } }
      return () => api.patch(configMaps, namespace, name, change, 'merge')
    },
    timesDone: counted,
  },
  'an apply': {
    async prepare(name) {
      await direct.apply(configMaps, namespace, name, { data: { count: '0' } })
      return () => api.apply(configMaps, namespace, name, { data: { count: '1' } })
    },
    timesDone: counted,
  },
  'a replacement': {
    async prepare(name) {
      const before = await direct.create(configMaps, namespace, { metadata: { name }, data: { count: '0' } })
      return () => api.replace(configMaps, namespace, name, { ...before, data: { count: '1' } })
    },
    timesDone: counted,
  },
  'a new object': {
    prepare: (name) => Promise.resolve(() => api.create(configMaps, namespace, { metadata: { name } })),
    timesDone: async (name) => ((await direct.find(configMaps, namespace, name)) === undefined ? 0 : 1),
  },
  'a new object that the server names': {
    prepare: (name) =>
      Promise.resolve(() =>
        api.create(configMaps, namespace, { metadata: { generateName: `${name}-`, labels: { name } } }),
      ),
    timesDone: async (name) =>
      (await direct.list(configMaps, namespace, { labelSelector: `name=${name}` })).items.length,
  },
  'a deletion by uid': {
    async prepare(name) {
      const { metadata } = await direct.create(configMaps, namespace, { metadata: { name } })
      return () => api.delete(configMaps, namespace, name, { uid: metadata?.uid })
    },
    timesDone: async (name) => ((await direct.find(configMaps, namespace, name)) === undefined ? 1 : 0),
  },
} satisfies Record<string, Write>

/** Makes every write, each meets the fault at its first try. Returns how each ended, and how often it was done. */
async function writeAll(fault: () => Parameters<FaultProxy['inject']>[0]): Promise<Record<string, string>> {
  const outcomes = Object.entries<Write>(writes).map(async ([what, attempted]) => {
    const name = unique('write')
    const write = await attempted.prepare(name)
    const isThis = (request: Received) => isWrite(request) && `${request.path}${request.body}`.includes(name)
    const met = proxy.inject(fault(), once, isThis)
    const ending = await write().then(
      () => 'done',
      (error: unknown) => (error instanceof Error ? error.name : String(error)),
    )
    return [what, `${ending}, ${await attempted.timesDone(name)} times; fault met: ${met.met}`]
  })
  return Object.fromEntries(await Promise.all(outcomes)) as Record<string, string>
}

const done = 'done, 1 times; fault met: 1'
const everyWrite = Object.fromEntries(Object.keys(writes).map((what) => [what, done]))

describe('writes are never doubled', () => {
  it.each(refusals)('and come about after %s', async (_, fault) => {
    expect(await writeAll(fault)).toEqual(everyWrite)
  })

  it.each(lostRequests)('and come about after %s, where a second try is harmless', async (_, fault) => {
    expect(await writeAll(fault)).toEqual({
      ...everyWrite,
      'a JSON patch that appends': 'AmbiguousWrite, 0 times; fault met: 1',
      'a new object that the server names': 'AmbiguousWrite, 0 times; fault met: 1',
    })
  })

  it.each(lostAnswers)('and have come about at %s, where that can be told', async (_, fault) => {
    const unclear = 'AmbiguousWrite, 1 times; fault met: 1'
    expect(await writeAll(fault)).toEqual({
      ...everyWrite,
      'a JSON patch that appends': unclear,
      'a replacement': unclear,
      'a new object': unclear,
      'a new object that the server names': unclear,
    })
  })

  it('and never made over what somebody else has changed meanwhile', async () => {
    const name = unique('raced')
    await direct.create(configMaps, namespace, { metadata: { name }, data: { ours: '0', theirs: '0' } })
    const { metadata } = await direct.get(configMaps, namespace, name)
    // The client learns of it by silence: time enough for the other.
    proxy.inject(blackhole('request'), once, isWrite)
    const stale = { metadata: { resourceVersion: metadata?.resourceVersion }, data: { ours: '1' } }
    const writing = api.patch(configMaps, namespace, name, stale, 'merge')
    await direct.patch(configMaps, namespace, name, { data: { theirs: '1' } }, 'merge')
    await expect(writing).rejects.toMatchObject({ name: 'AmbiguousWrite' })
    expect((await direct.get(configMaps, namespace, name)).data).toEqual({ ours: '0', theirs: '1' })
  })
})

describe('an API server that is restarted', () => {
  it('has forgotten the history: its own 410, and a second list', async () => {
    const debug = (line: string) => log.push(line)
    const impatient = cluster.client({ log: { ...silent, debug }, retry: { firstDelayMs: 10 } })
    cluster.restartApiServer()
    while (!log.some((line) => line.includes('ECONNREFUSED'))) await impatient.version()
    await impatient.close()
    const met = proxy.inject(outdate(), once, isWatch)
    expect(await follow()).toBe(2)
    expect(met.met).toBe(1)
    expect(log.join('\n')).toMatch(/watch configmaps: .* 410 Expired: too old resource version/)
  })

  it('doubles no write, loses none that was answered, and refuses nobody', async () => {
    const name = unique('restart')
    await direct.create(deployments, namespace, paused(name))
    const straight = cluster.client({ log: { ...silent, debug: (line) => log.push(line) } })
    const answered: string[] = []
    const unclear: string[] = []
    cluster.restartApiServer()
    // The port is closed for a moment only: a write that waits for its next try can miss that.
    const isMet = (): boolean => log.length > 0 || unclear.length > 0
    for (let number = 1; number <= 20 || !isMet(); number++) {
      const value = `write-${number}`
      const append = [{ op: 'add', path: '/spec/template/spec/containers/0/args/-', value }]
      const ending = await straight.patch(deployments, namespace, name, append, 'json').then(
        () => answered,
        (error: unknown) => {
          if (!(error instanceof AmbiguousWrite)) throw error
          return unclear
        },
      )
      ending.push(value)
    }
    const { spec } = await straight.get(deployments, namespace, name)
    const [, ...args] = spec?.template.spec?.containers[0]?.args ?? []
    expect(new Set(args).size).toBe(args.length)
    expect(answered.filter((value) => !args.includes(value))).toEqual([])
    expect(args.filter((value) => !answered.includes(value) && !unclear.includes(value))).toEqual([])
    await straight.close()
  })
})

describe('GOAWAY', () => {
  it('comes from this API server, to HTTP/2; the client is not met by it', async () => {
    const { server, authority } = cluster.upstream
    const session = connectHttp2(server, { ca: authority })
    const told: string[] = []
    session.on('goaway', () => told.push('GOAWAY')).on('error', () => undefined)
    // One in fifty: that none of 1,000 tells it has a probability of 2e-9.
    for (let count = 0; count < 1_000 && told.length === 0; count++) {
      const stream = session.request({ ':path': '/version' }).on('error', () => undefined)
      stream.resume()
      await eventOnce(stream, 'close')
    }
    session.destroy()
    expect(told).toEqual(['GOAWAY'])

    const straight = cluster.client({ log: { ...silent, debug: (line) => log.push(line) } })
    for (let count = 0; count < 1_000; count++) await straight.version()
    await straight.close()
    expect(log).toEqual([])
  })
})
