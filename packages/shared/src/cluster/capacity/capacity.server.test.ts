// What a real API server counts for a pod, held against what is told beforehand; and what its nodes have left.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { KubernetesApi } from '../api.ts'
import { Collection } from '../collection.ts'
import { KubernetesCluster } from '../kubernetes-cluster.ts'
import { createToken, RealCluster, serviceAccounts } from '../real-cluster.fixture.ts'
import { limitRanges, nodes, pods, resourceQuotas, type Resource } from '../resources.ts'
import { NodeUse, placesFor } from './node-room.ts'
import { amountsOf, podNeeds, type PodSpec } from './pod-needs.ts'
import { leftOfQuotas, takenOfQuotas, unnamedForQuotas, type ResourceQuota } from './quota.ts'

const real = new RealCluster(process.env)
const { namespace } = real
let api: KubernetesApi
let cluster: KubernetesCluster
const soon = () => AbortSignal.timeout(60_000)

const plenty = '1000'
const quotas: ResourceQuota[] = [
  {
    metadata: { name: 'compute' },
    spec: {
      hard: Object.fromEntries(
        ['pods', 'cpu', 'requests.memory', 'limits.memory', 'requests.ephemeral-storage', 'services'].map(
          (name) => [name, name.includes('memory') || name.includes('storage') ? '1000Gi' : plenty],
        ),
      ),
    },
  },
  { metadata: { name: 'lasting' }, spec: { hard: { pods: plenty }, scopes: ['NotTerminating'] } },
  { metadata: { name: 'ending' }, spec: { hard: { pods: plenty }, scopes: ['Terminating'] } },
  { metadata: { name: 'unbounded' }, spec: { hard: { pods: plenty }, scopes: ['BestEffort'] } },
  {
    metadata: { name: 'classed' },
    spec: {
      hard: { 'limits.cpu': plenty },
      scopeSelector: {
        matchExpressions: [
          { scopeName: 'PriorityClass', operator: 'In', values: ['system-node-critical', 'none'] },
        ],
      },
    },
  },
]

beforeAll(async () => {
  api = await real.start()
  cluster = new KubernetesCluster(api, namespace)
  await until(serviceAccounts, (items) => items.some(({ metadata }) => metadata?.name === 'default'))
  await api.create(limitRanges, namespace, {
    metadata: { name: 'defaults' },
    // The server makes of the default limit a default request, too.
    spec: { limits: [{ type: 'Container', default: { cpu: '500m' } }] },
  })
  for (const quota of quotas) await api.create(resourceQuotas, namespace, quota)
  await until(
    resourceQuotas,
    (items) => items.length === quotas.length && items.every(({ status }) => status?.used !== undefined),
  )
})

afterAll(() => real.stop())

/** Waits until the objects of a kind in the namespace are as they should be. */
async function until<T>(resource: Resource<T>, isSo: (items: ReturnType<Collection<T>['items']>) => boolean) {
  const stop = new AbortController()
  const collection = new Collection(api, resource, namespace)
  try {
    await collection.start(stop.signal).synced
    while (!isSo(collection.items())) await collection.next(soon())
  } finally {
    stop.abort()
    await collection.ended
  }
}

type Container = PodSpec['containers'][number]
const memory = { requests: { memory: '64Mi' }, limits: { memory: '128Mi' } }
const container = (name: string, resources: Container['resources'] = memory): Container => ({
  name,
  image: 'registry.local/none:v1',
  resources,
})

const table: [string, PodSpec][] = [
  ['defaults of the namespace', { containers: [container('a')] }],
  [
    'requests and limits of its own',
    {
      containers: [
        container('a', {
          requests: { cpu: '1100m', memory: '1.5Gi', 'ephemeral-storage': '1G' },
          limits: { cpu: '2', memory: '2Gi' },
        }),
        container('b', { limits: { cpu: '300m', memory: '1e8' } }),
      ],
    },
  ],
  [
    'init containers and a sidecar',
    {
      initContainers: [
        container('first', { requests: { cpu: '3', memory: '2Gi' }, limits: { cpu: '3', memory: '2Gi' } }),
        { ...container('sidecar'), restartPolicy: 'Always' },
        container('second', {
          requests: { cpu: '200m', memory: '1Gi' },
          limits: { cpu: '4', memory: '3Gi' },
        }),
      ],
      containers: [container('a'), container('b')],
    },
  ],
  ['a deadline', { containers: [container('a')], activeDeadlineSeconds: 60 }],
]

describe('what a pod takes of the quotas', () => {
  it.each(table)('is what the API server counts: %s', async (title, spec) => {
    const before = await cluster.limits(soon())
    const needs = podNeeds(spec, before.limitRanges)
    const taken = takenOfQuotas(before.quotas, spec, needs)
    expect(unnamedForQuotas(before.quotas, spec, needs)).toEqual([])
    const names = new Set(taken.keys())
    const left = leftOfQuotas(before.quotas, names)

    const name = title.replaceAll(/[^a-z]+/g, '-')
    // It is not to be run: no node has such a label.
    await api.create(pods, namespace, {
      metadata: { name },
      spec: { ...spec, nodeSelector: { none: 'such' }, terminationGracePeriodSeconds: 0 },
    })
    const after = leftOfQuotas((await cluster.limits(soon())).quotas, names)
    if (typeof left === 'string' || typeof after === 'string') throw new Error('not counted')
    const counted = [...left].map(([limit, amount]) => [limit, amount - (after.get(limit) ?? 0n)] as const)
    expect(Object.fromEntries(taken)).toEqual(Object.fromEntries(counted))
    expect(names.has('quota "compute", pods')).toBe(true)
    expect(names.has('quota "unbounded", pods')).toBe(false)
  })

  it('names the containers for which the API server refuses it', async () => {
    const spec = { containers: [container('a', {}), container('b')] }
    const { quotas: found, limitRanges: defaults } = await cluster.limits(soon())
    const unnamed = unnamedForQuotas(found, spec, podNeeds(spec, defaults))
    expect(unnamed).toEqual(['quota "compute", limits.memory: a', 'quota "compute", requests.memory: a'])
    const refused = api.create(pods, namespace, { metadata: { name: 'refused' }, spec })
    await expect(refused).rejects.toThrow(/must specify limits.memory for: a; requests.memory for: a/)
  })
})

describe('the rooms of the nodes', () => {
  it('are what the pods of all namespaces leave', async () => {
    const rooms = await cluster.nodeRooms(soon())
    const { items } = await api.list(nodes, undefined)
    expect(rooms.map(({ node }) => node.metadata?.name)).toEqual(items.map(({ metadata }) => metadata?.name))
    const [first] = rooms
    const all = amountsOf(items[0]?.status?.allocatable)
    const whole = new NodeUse().roomOn(items)
    expect(whole[0]?.left).toEqual(all)

    const spec = { containers: [container('a', { requests: { cpu: '100m' } })] }
    const needs = podNeeds(spec, [])
    const places = placesFor(rooms, spec, needs)
    expect(places).toBeGreaterThan(0)
    const more = (first?.left.get('cpu') ?? 0n) + 1n
    const greedy = { containers: [container('a', { requests: { cpu: `${more}m` } })] }
    expect(placesFor(rooms, greedy, podNeeds(greedy, []))).toBe(0)
    expect(placesFor(rooms, { ...spec, nodeSelector: { none: 'such' } }, needs)).toBe(0)
  })

  it('are refused to an account without the ClusterRole, in words', async () => {
    const account = 'looks-at-nodes'
    await api.create(serviceAccounts, namespace, { metadata: { name: account } })
    const limited = real.client({}, { token: await createToken(real, account) })
    try {
      await expect(new KubernetesCluster(limited, namespace).nodeRooms(soon())).rejects.toMatchObject({
        status: 403,
      })
    } finally {
      await limited.close()
    }
  })
})
