import { describe, expect, it } from '@jest/globals'
import type { NodeRoom } from '../cluster/capacity/node-room.ts'
import type { NamespaceLimits } from '../cluster/cluster.ts'
import { FakeCluster } from '../cluster/cluster.fixture.ts'
import { settledComponent } from '../cluster/component.fixture.ts'
import type { Deployment } from '../cluster/component.ts'
import { readManifest } from '../cluster/manifest/read-manifest.ts'
import { planned, recordOf } from '../record/record.fixture.ts'
import { loadRunbook } from '../runbook/load.ts'
import { capacity } from './capacity.ts'
import { runGates } from './gate.ts'

const runbook = (keys = '{}') =>
  loadRunbook(
    `version: 1
pipeline: kafka-pipeline
environments: { production: { namespace: kafka-pipeline } }
components: [{ deployment: ingester }, { deployment: worker }]
gates: { capacity: ${keys} }`,
    { file: 'runbook.yaml' },
  )

type Spec = Partial<NonNullable<Deployment['spec']>>
const image = 'registry.local/worker:v1.0.0'
const resources = { requests: { cpu: '500m', memory: '256Mi' } }

/** Six workers of 500m CPU that roll one more, none less. */
function workers(spec: Spec = {}, replicas = 6) {
  const settled = settledComponent({ name: 'worker', image, replicas })
  const strategy = { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } }
  const template = { spec: { containers: [{ name: 'worker', image, resources }] } }
  const deployment = {
    ...settled.deployment,
    spec: { ...settled.deployment.spec!, strategy, template, ...spec },
  }
  return { ...settled, deployment }
}

function quota(hard: Record<string, string>, used: Record<string, string>): NamespaceLimits {
  return { quotas: [{ metadata: { name: 'team' }, spec: { hard }, status: { hard, used } }], limitRanges: [] }
}

interface Place {
  state?: ReturnType<typeof workers>
  limits?: NamespaceLimits
  rooms?: readonly NodeRoom[]
  keys?: string
  to?: string
  manifest?: string
}

async function ask({ state = workers(), limits, rooms, keys, to, manifest }: Place) {
  const cluster = new FakeCluster()
  cluster.states.set('worker', state)
  if (limits !== undefined) cluster.namespaceLimits = limits
  if (rooms !== undefined) cluster.rooms = rooms
  const component = planned('worker', {
    ...(to !== undefined && { to }),
    ...(manifest !== undefined && { manifest: 'worker.yaml' }),
  })
  const owner = { deployment: 'worker', container: 'worker', namespace: 'kafka-pipeline' }
  const context = {
    runbook: runbook(keys),
    record: recordOf({ plan: [component] }),
    occasion: 'preflight' as const,
    cluster,
    clock: { now: () => new Date('2026-11-23T10:00:00Z') },
    ...(manifest !== undefined && {
      manifests: new Map([['worker', readManifest(manifest, 'worker.yaml', owner)]]),
    }),
  }
  const [result] = await runGates([capacity], context, new AbortController().signal)
  return { verdict: result?.verdict, answer: result?.answer ?? '', evidence: result?.evidence }
}

const room = (cpu: string): NodeRoom => ({
  node: { metadata: { name: 'node' } },
  left: new Map([
    ['cpu', BigInt(cpu)],
    ['memory', 10n ** 15n],
    ['pods', 10_000n],
  ]),
})

describe('capacity', () => {
  it.each<[string, Place, string, string | RegExp]>([
    [
      'room in every quota',
      { limits: quota({ pods: '10', 'requests.cpu': '4' }, { pods: '6', 'requests.cpu': '3500m' }) },
      'pass',
      'The quotas have room for the pods that the rollout adds. Whether the nodes have room was not looked at.',
    ],
    [
      'not one more pod, and none may go first',
      { limits: quota({ pods: '6' }, { pods: '6' }) },
      'fail',
      'worker: not one pod can be replaced (quota "team", pods: one pod takes 1, 0 left), and its strategy lets no old pod go first. Make room, or let "maxUnavailable" be 1. Whether the nodes have room was not looked at.',
    ],
    [
      'too little CPU for one more',
      { limits: quota({ 'requests.cpu': '3200m' }, { 'requests.cpu': '3' }) },
      'fail',
      /quota "team", requests.cpu: one pod takes 500m, 200m left/,
    ],
    [
      'not one more pod, but one may go first',
      {
        state: workers({ strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 1 } } }),
        limits: quota({ pods: '6' }, { pods: '6' }),
      },
      'warn',
      /^worker: old pods must go before new ones come \(quota "team", pods: one pod takes 1, 0 left\)\./,
    ],
    [
      'less room than the strategy would use',
      {
        state: workers({ strategy: { rollingUpdate: { maxSurge: 3, maxUnavailable: 0 } } }),
        limits: quota({ pods: '8' }, { pods: '6' }),
      },
      'warn',
      /^worker: only 2 of 3 more pods fit at a time/,
    ],
    [
      'all at once, after the old ones: they make the room',
      {
        state: workers({ strategy: { type: 'Recreate' } }),
        limits: quota({ pods: '6' }, { pods: '6' }),
      },
      'pass',
      /^The quotas have room/,
    ],
    [
      'a quota that asks for a limit which nobody names',
      { limits: quota({ 'limits.memory': '64Gi' }, { 'limits.memory': '0' }) },
      'fail',
      /^worker: its new pods would be refused, because containers name no amount \(quota "team", limits.memory: worker\)/,
    ],
    [
      'the same, where the namespace has a default',
      {
        limits: {
          ...quota({ 'limits.memory': '64Gi' }, { 'limits.memory': '0' }),
          limitRanges: [{ spec: { limits: [{ type: 'Container', default: { memory: '1Gi' } }] } }],
        },
      },
      'pass',
      /^The quotas have room/,
    ],
    [
      'a quota that nobody has counted yet',
      {
        limits: { quotas: [{ metadata: { name: 'team' }, spec: { hard: { pods: '9' } } }], limitRanges: [] },
      },
      'inconclusive',
      /^The quota "team" has not been counted yet/,
    ],
    [
      'a Deployment that is paused',
      { state: workers({ paused: true }) },
      'fail',
      /^worker is paused: .*kubectl rollout resume deployment\/worker/,
    ],
    [
      'no quota: the nodes would have to be asked, and are not',
      {},
      'skipped',
      'No quota limits the pods of kafka-pipeline. Whether the nodes have room was not looked at.',
    ],
    [
      'a quota of other things',
      { limits: quota({ services: '3' }, { services: '3' }) },
      'skipped',
      /^No quota limits the pods/,
    ],
    [
      'no quota, and room on a node',
      { keys: '{ nodes: enforce }', rooms: [room('100'), room('600')] },
      'pass',
      'No quota limits the pods of kafka-pipeline, and 2 nodes have room for those that the rollout adds.',
    ],
    [
      'no node with room',
      { keys: '{ nodes: enforce }', rooms: [room('400'), room('499')] },
      'fail',
      /^worker: not one pod can be replaced \(2 nodes have room for 0 more pods that ask for cpu 500m, memory 256Mi\)/,
    ],
    [
      'the same, where nodes may be added',
      { keys: '{ nodes: warn }', rooms: [room('499')] },
      'warn',
      /It goes on only if a cluster autoscaler adds a node\.$/,
    ],
    [
      'what runs already',
      { to: image, limits: quota({ pods: '6' }, { pods: '6' }) },
      'skipped',
      'The rollout adds no pod.',
    ],
    [
      'nothing to run',
      { state: workers({ replicas: 0 }, 0), limits: quota({ pods: '0' }, { pods: '0' }) },
      'skipped',
      'The rollout adds no pod.',
    ],
    [
      'what the team only wants to be told',
      { keys: '{ mode: warn }', limits: quota({ pods: '6' }, { pods: '6' }) },
      'warn',
      /^fail, but only a warning here: worker: not one pod/,
    ],
  ])('%s', async (_, place, verdict, answer) => {
    const found = await ask(place)
    expect(found).toMatchObject({ verdict })
    expect(found.answer).toMatch(answer instanceof RegExp ? answer : new RegExp(`^${RegExp.escape(answer)}$`))
  })

  it('shows what a new pod asks for', async () => {
    const { evidence } = await ask({})
    expect(evidence).toEqual(['worker: 6 pods, up to 1 more at a time; each asks for cpu 500m, memory 256Mi'])
  })

  it('asks about the pods of the manifest, where it is applied', async () => {
    const manifest = `apiVersion: apps/v1
kind: Deployment
metadata: { name: worker }
spec:
  replicas: 7
  template: { spec: { containers: [{ name: worker, image: x, resources: { requests: { cpu: '1' } } }] } }
`
    // Six of 500m make room for seven of 1 as far as they may go.
    const limits = quota({ 'requests.cpu': '6' }, { 'requests.cpu': '3' })
    const { verdict, answer, evidence } = await ask({ manifest, limits })
    expect(evidence).toEqual(['worker: 7 pods, up to 1 more at a time; each asks for cpu 1'])
    expect({ verdict, answer }).toMatchObject({
      verdict: 'fail',
      answer: expect.stringMatching(/^worker: only \d of 7 new pods would come up/) as unknown,
    })
  })

  it('counts what one component keeps before it asks about the next', async () => {
    const cluster = new FakeCluster()
    for (const name of ['ingester', 'worker']) {
      const state = workers({ replicas: 3 }, 2)
      cluster.states.set(name, {
        ...state,
        deployment: { ...state.deployment, metadata: { ...state.deployment.metadata, name } },
      })
    }
    // Two of three run: each component takes one of the two places that are left, and needs one more to surge.
    cluster.namespaceLimits = quota({ pods: '6' }, { pods: '4' })
    const context = {
      runbook: runbook(),
      record: recordOf({ plan: [planned('ingester', { container: 'worker' }), planned('worker')] }),
      occasion: 'preflight' as const,
      cluster,
      clock: { now: () => new Date('2026-11-23T10:00:00Z') },
    }
    const [result] = await runGates([capacity], context, new AbortController().signal)
    expect(result).toMatchObject({ verdict: 'fail' })
    expect(result?.answer).toMatch(
      /^worker: only 1 of 3 new pods would come up \(quota "team", pods: one pod takes 1, 1 left\)/,
    )
  })
})
