// The way to the real API server that HTTPS_PROXY and NO_PROXY describe.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { silent } from '../ports.ts'
import type { KubernetesApi } from './api.ts'
import { Collection } from './collection.ts'
import { ConnectProxy } from './connect-proxy.fixture.ts'
import { RealCluster } from './real-cluster.fixture.ts'
import { configMaps, services } from './resources.ts'

const cluster = new RealCluster(process.env)
const { namespace } = cluster
let direct: KubernetesApi

/** A name of the server's certificate, which only the proxy can resolve. */
const privateName = 'kubernetes.default.svc:6443'

let proxy: ConnectProxy
let proxyUrl: string

beforeAll(async () => {
  direct = await cluster.start()
})

afterAll(() => cluster.stop())

beforeEach(async () => {
  proxy = new ConnectProxy({ [privateName]: new URL(cluster.upstream.server).host })
  proxyUrl = await proxy.start()
})

afterEach(() => {
  proxy.close()
})

describe('HTTPS_PROXY', () => {
  let api: KubernetesApi
  const log: string[] = []

  beforeEach(() => {
    log.length = 0
    const options = {
      env: { HTTPS_PROXY: proxyUrl.replace('//', '//me:secret@') },
      log: { ...silent, debug: (line: string) => log.push(line) },
      retry: { firstDelayMs: 10 },
    }
    api = cluster.client(options, undefined, `https://${privateName}`)
  })

  afterEach(() => api.close())

  it('is the way to read and write, with its password; the server is verified behind it', async () => {
    await api.create(configMaps, namespace, { metadata: { name: 'proxied' }, data: { key: 'value' } })
    expect((await direct.get(configMaps, namespace, 'proxied')).data).toEqual({ key: 'value' })
    expect((await api.get(configMaps, namespace, 'proxied')).data).toEqual({ key: 'value' })
    const authorization = `Basic ${Buffer.from('me:secret').toString('base64')}`
    expect(new Set(proxy.asked.map((asked) => JSON.stringify(asked)))).toEqual(
      new Set([JSON.stringify({ target: privateName, authorization })]),
    )
    expect(log).toEqual([])
  })

  it('carries watches, which go on after the tunnels break', async () => {
    const stop = new AbortController()
    const options = { labelSelector: 'test=watched', backOff: { firstDelayMs: 10, longestDelayMs: 50 } }
    const collection = new Collection(api, configMaps, namespace, options).start(stop.signal)
    await collection.synced
    const comes = async (name: string) => {
      await direct.create(configMaps, namespace, { metadata: { name, labels: { test: 'watched' } } })
      while (collection.get(name) === undefined) await collection.next(AbortSignal.timeout(20_000))
    }
    await comes('before')
    proxy.cut()
    await comes('after')
    expect(log.join('\n')).toContain('watch configmaps:')
    stop.abort()
    await collection.ended
  })

  it('that refuses is named', async () => {
    proxy.refuse = { status: 407, times: 1 }
    await expect(api.get(configMaps, namespace, 'proxied')).rejects.toMatchObject({ code: 'PROXY_REFUSED' })
  })

  it('that cannot reach the server is asked again, also for a write', async () => {
    proxy.refuse = { status: 503, times: 2 }
    await api.create(configMaps, namespace, { metadata: { name: 'in-the-end' } })
    expect(proxy.asked).toHaveLength(3)
  })
})

describe('NO_PROXY', () => {
  it.each([
    ['the address', (address: string) => address],
    ['its range', (address: string) => address.replace(/\.\d+\.\d+$/, '.0.0/16')],
  ])('by %s leads straight to the server', async (_, entry) => {
    const { spec } = await direct.get(services, 'default', 'kubernetes')
    const address = spec?.clusterIP ?? ''
    const env = { HTTPS_PROXY: proxyUrl, NO_PROXY: `.internal,${entry(address)}` }
    const api = cluster.client({ env }, undefined, `https://${address}`)
    await api.list(configMaps, namespace)
    expect(proxy.asked).toEqual([])
    await api.close()

    const other = cluster.client({ env: { ...env, NO_PROXY: '.internal' } }, undefined, `https://${address}`)
    await other.list(configMaps, namespace)
    expect(proxy.asked.map(({ target }) => target)).toEqual([`${address}:443`])
    await other.close()
  })
})
