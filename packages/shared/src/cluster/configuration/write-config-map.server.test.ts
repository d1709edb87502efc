// A ConfigMap is changed on a real API server.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { KubernetesApi } from '../api.ts'
import { KubernetesCluster } from '../kubernetes-cluster.ts'
import { RealCluster } from '../real-cluster.fixture.ts'
import { configMaps } from '../resources.ts'
import { dataDigest } from './content-digest.ts'

const real = new RealCluster(process.env)
const { namespace } = real
const signal = AbortSignal.timeout(60_000)
const before = { LEVEL: 'info', OLD: '1' }
const data = { LEVEL: 'debug', NEW: '1' }
let api: KubernetesApi
let cluster: KubernetesCluster

beforeAll(async () => {
  api = await real.start()
  cluster = new KubernetesCluster(api, namespace)
})

afterAll(() => real.stop())

async function made(name: string, more: { immutable?: boolean } = {}) {
  await api.create(configMaps, namespace, {
    metadata: { name, labels: { team: 'data' } },
    data: before,
    binaryData: { seal: 'AAEC' },
    ...more,
  })
  return { name, data, before: dataDigest(before) }
}

describe('changeConfigMap', () => {
  it('gives it all of the data and nothing else, and does nothing a second time', async () => {
    const change = await made('settings')
    expect(await cluster.changeConfigMap(change, signal)).toBe('written')
    const live = await api.get(configMaps, namespace, 'settings')
    expect(live).toMatchObject({ data, binaryData: { seal: 'AAEC' }, metadata: { labels: { team: 'data' } } })
    expect(await cluster.changeConfigMap(change, signal)).toBe('unchanged')
    expect((await api.get(configMaps, namespace, 'settings')).metadata?.resourceVersion).toBe(
      live.metadata?.resourceVersion,
    )
  })

  it('writes nothing over what somebody else wrote since the plan', async () => {
    const change = await made('contested')
    await api.patch(configMaps, namespace, 'contested', { data: { LEVEL: 'warn' } }, 'merge')
    await expect(cluster.changeConfigMap(change, signal)).rejects.toThrow('changed by somebody else')
    expect((await api.get(configMaps, namespace, 'contested')).data).toEqual({ ...before, LEVEL: 'warn' })
  })

  it('says what is gone, and what is immutable', async () => {
    await expect(
      cluster.changeConfigMap({ name: 'absent', data, before: dataDigest(before) }, signal),
    ).rejects.toThrow('ConfigMap absent is gone')
    await expect(cluster.changeConfigMap(await made('fixed', { immutable: true }), signal)).rejects.toThrow(
      'ConfigMap fixed is immutable',
    )
  })

  it('stores nothing in a dry run', async () => {
    const change = await made('dry')
    const careful = real.client({ dryRun: true })
    expect(await new KubernetesCluster(careful, namespace).changeConfigMap(change, signal)).toBe('written')
    expect((await api.get(configMaps, namespace, 'dry')).data).toEqual(before)
    await careful.close()
  })
})

describe('restoreConfigMap', () => {
  it('puts text and binary data back from the copy, and nothing a second time', async () => {
    const name = 'restored'
    await made(name)
    const found = await cluster.configMap(name, signal)
    const copy = await cluster.keepConfigMap(name, found!, signal)
    expect(await api.get(configMaps, namespace, copy)).toMatchObject({
      data: before,
      binaryData: { seal: 'AAEC' },
      immutable: true,
    })
    const bad = { data: { LEVEL: 'debug' }, binaryData: { seal: 'AwQF', more: 'AwQF' } }
    await api.patch(configMaps, namespace, name, bad, 'merge')
    expect(await cluster.restoreConfigMap({ name, copy }, signal)).toBe('written')
    const live = await api.get(configMaps, namespace, name)
    expect([live.data, live.binaryData]).toEqual([before, { seal: 'AAEC' }])
    expect(await cluster.restoreConfigMap({ name, copy }, signal)).toBe('unchanged')
  })
})
