import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { z } from 'zod'
import { watchComponents } from '../../packages/shared/src/cluster/component-watch.ts'
import { followRollout } from '../../packages/shared/src/cluster/follow-rollout.ts'
import { RealCluster } from '../../packages/shared/src/cluster/real-cluster.fixture.ts'
import { pods } from '../../packages/shared/src/cluster/resources.ts'
import { silent, systemClock } from '../../packages/shared/src/ports.ts'
import { runKubectl } from './cluster.ts'
import { buildKwok, fakeDeployment, startFakeNodes, type FakeNodes } from './fake-nodes.ts'
import { auditedRequests } from './requests.ts'

const replicas = 200
const cluster = new RealCluster(process.env)
const { namespace } = cluster
const auditLog = z.string().parse(process.env.REHEARSAL_AUDIT)
const limits = {
  deadlineMs: 100_000,
  settleMs: 0,
  imagePullMs: 40_000,
  unschedulableMs: 60_000,
  restarts: 2,
}

let folder: string
let nodes: FakeNodes
const kubectl = (...args: string[]): Promise<string> => runKubectl(cluster, ['-n', namespace, ...args])

beforeAll(async () => {
  await cluster.start()
  folder = await mkdtemp(join(tmpdir(), 'fake-nodes-'))
  nodes = await startFakeNodes(cluster, {
    nodes: 1,
    logFile: join(folder, 'kwok.log'),
    kwok: await buildKwok(),
  })
  const worker = fakeDeployment('worker', { replicas, image: 'registry.local/worker:v1.0.0' })
  await runKubectl(cluster, ['-n', namespace, 'create', '-f', '-'], JSON.stringify(worker))
  await kubectl('rollout', 'status', 'deployment/worker', '--timeout=100s')
})
afterAll(async () => {
  await kubectl('delete', 'deployment', 'worker', '--cascade=foreground')
  await nodes.stop()
  await cluster.stop()
  await rm(folder, { recursive: true, force: true })
})

describe('fake nodes', () => {
  it('take the pods that tolerate them, and no others', async () => {
    await kubectl('run', 'real', '--image', 'registry.local/none', '--restart=Never')
    await kubectl('wait', '--for=jsonpath={.spec.nodeName}', 'pod/real', '--timeout=30s')
    const api = cluster.client()
    const placed = (await api.list(pods, namespace)).items.map(({ metadata, spec }) => [
      metadata?.labels?.app ?? metadata?.name,
      spec?.nodeName?.startsWith('fake-'),
    ])
    await api.close()
    await kubectl('delete', 'pod', 'real', '--grace-period=0', '--force')
    expect(placed.filter(([, isFake]) => isFake === false)).toEqual([['real', false]])
    expect(placed.filter(([app, isFake]) => app === 'worker' && isFake === true)).toHaveLength(replicas)
  })

  it('a rollout of many pods is followed by one list and one watch of each kind', async () => {
    const userAgent = `follower-${namespace}`
    const api = cluster.client({ userAgent })
    const stop = new AbortController()
    const watch = await watchComponents(api, namespace, stop.signal)
    const since = systemClock.now()
    await kubectl('set', 'image', 'deployment/worker', 'worker=registry.local/worker:v1.1.0')
    const changed = z
      .object({ metadata: z.object({ generation: z.number() }) })
      .parse(JSON.parse(await kubectl('get', 'deployment', 'worker', '-o', 'json')))
    const end = await followRollout(watch, 'worker', {
      since,
      generation: changed.metadata.generation,
      limits,
      clock: systemClock,
      log: silent,
      signal: stop.signal,
    })
    watch.close()
    await api.close()

    expect(end).toMatchObject({ outcome: 'complete', signals: [] })
    expect(end.fewestReady).toBeGreaterThanOrEqual(replicas * 0.75)
    const requests = (await auditedRequests(auditLog)).filter((request) => request.userAgent === userAgent)
    expect(requests.map(({ verb, resource, code }) => `${verb} ${resource}: ${code}`).toSorted()).toEqual([
      'list deployments: 200',
      'list pods: 200',
      'list replicasets: 200',
      'watch deployments: 200',
      'watch pods: 200',
      'watch replicasets: 200',
    ])
  })
})
