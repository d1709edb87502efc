import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { silent } from '../ports.ts'
import type { KubernetesApi } from './api.ts'
import { eventually } from './api-server.fixture.ts'
import { Collection } from './collection.ts'
import { RealCluster } from './real-cluster.fixture.ts'
import { configMaps } from './resources.ts'
import { TcpRelay } from './tcp-relay.fixture.ts'

const cluster = new RealCluster(process.env)
const { namespace } = cluster
let api: KubernetesApi

beforeAll(async () => {
  api = await cluster.start()
})

afterAll(() => cluster.stop())

describe('following a real server', () => {
  let relay: TcpRelay
  let client: KubernetesApi
  let stop: AbortController
  let log: string[]

  beforeEach(async () => {
    relay = new TcpRelay(new URL(api.server))
    log = []
    stop = new AbortController()
    client = cluster.client(
      { log: { ...silent, debug: (line) => log.push(line) } },
      undefined,
      await relay.start(),
    )
  })

  afterEach(async () => {
    stop.abort()
    await client.close()
    relay.stop()
  })

  let lists = 0
  /** Follows the ConfigMaps with a label of their own, and counts how often they are listed. */
  async function collect(label: string, deadAfterMs?: number) {
    lists = 0
    const original = client.listPages.bind(client)
    client.listPages = (...parameters) => (lists++, original(...parameters))
    const collection = new Collection(client, configMaps, namespace, {
      labelSelector: `test=${label}`,
      deadAfterMs,
    })
    await collection.start(stop.signal).synced
    return collection
  }

  const add = (label: string, name: string, through = api) =>
    through.create(configMaps, namespace, { metadata: { name: `${label}-${name}`, labels: { test: label } } })

  async function has(collection: Collection<NonNullable<(typeof configMaps)['type']>>, ...names: string[]) {
    const wanted = names.toSorted()
    const held = () => collection.items().map((item) => item.metadata?.name ?? '')
    while (held().toSorted().join() !== wanted.join()) await collection.next(AbortSignal.timeout(30_000))
  }

  it('sees every change once, in order', async () => {
    const collection = await collect('plain')
    await add('plain', 'a')
    await has(collection, 'plain-a')
    await api.patch(configMaps, namespace, 'plain-a', { data: { key: 'value' } }, 'merge')
    await collection.next(AbortSignal.timeout(10_000))
    expect(collection.get('plain-a')?.data).toEqual({ key: 'value' })
    await api.delete(configMaps, namespace, 'plain-a')
    await has(collection)
    expect(lists).toBe(1)
  })

  it('goes on after its connections are cut, with what happened meanwhile, and without a second list', async () => {
    const collection = await collect('cut')
    for (const name of ['a', 'b', 'c']) {
      await add('cut', name)
      relay.cut()
      await add('cut', `${name}${name}`)
    }
    await has(collection, 'cut-a', 'cut-aa', 'cut-b', 'cut-bb', 'cut-c', 'cut-cc')
    expect(lists).toBe(1)
    expect(log.some((line) => line.includes('on from'))).toBe(true)
  })

  it('notices a peer that has fallen silent', async () => {
    const collection = await collect('silent', 1_000)
    relay.isSilent = true
    await add('silent', 'a')
    await eventually(() => log.join('\n').includes('nothing heard for 1 s'))
    // What was said meanwhile is lost: only another connection can bring the change.
    relay.isSilent = false
    await has(collection, 'silent-a')
    expect(lists).toBe(1)
  })

  it('goes on after the API server has been restarted', async () => {
    const collection = await collect('restart')
    await add('restart', 'a')
    await has(collection, 'restart-a')
    const connections = relay.connections
    cluster.restartApiServer()
    await eventually(() => relay.connections > connections, 30_000)
    await api.list(configMaps, namespace)
    await add('restart', 'b')
    await has(collection, 'restart-a', 'restart-b')
    // A server that has just started has no history: it may answer 410, and then the objects are listed again.
    expect(lists).toBeLessThanOrEqual(2)
    if (lists > 1) expect(log.join('\n')).toContain('410 Expired')
  }, 60_000)
})

describe('a process', () => {
  it('ends by itself when its client is closed, whatever was under way', async () => {
    const here = (file: string) => JSON.stringify(new URL(file, import.meta.url))
    const program = `
      const { connect } = await import(${here('./api.ts')})
      const { loadKubeconfig } = await import(${here('./kubeconfig.ts')})
      const { Collection } = await import(${here('./collection.ts')})
      const { configMaps, pods } = await import(${here('./resources.ts')})
      const credentials = loadKubeconfig({ path: ${JSON.stringify(cluster.kubeconfig)}, env: {} })
      const options = { fieldManager: 'tester', userAgent: 'tests', log: { debug() {}, info() {} }, env: {} }
      const api = connect(credentials, options)
      const stop = new AbortController()
      const collections = [configMaps, pods].map((kind) => new Collection(api, kind, undefined).start(stop.signal))
      await Promise.all(collections.map((collection) => collection.synced))
      stop.abort()
      await Promise.all(collections.map((collection) => collection.ended))
      await api.openWatch(pods, undefined, {}, new AbortController().signal)
      await api.close()
      console.log(process.uptime())`
    const flags = ['--no-warnings', '--input-type=module', '--eval', program]
    const { stdout } = await promisify(execFile)(process.execPath, flags, {
      timeout: 20_000,
      env: { ...process.env, NODE_OPTIONS: '' },
    })
    expect(Number(stdout)).toBeGreaterThan(0)
  })
})
