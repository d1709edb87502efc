import { describe, expect, it } from '@jest/globals'
import { cannotPull, FakeCluster, FakeStore } from '@runbook-actions/shared/cluster/cluster.fixture.ts'
import { digestB } from '@runbook-actions/shared/cluster/component.fixture.ts'
import type { RolloutLimits } from '@runbook-actions/shared/cluster/follow-rollout.ts'
import { silent } from '@runbook-actions/shared/ports.ts'
import { planned, recordOf } from '@runbook-actions/shared/record/record.fixture.ts'
import type { DeploymentRecord } from '@runbook-actions/shared/record/schema.ts'
import { rollout } from './rollout.ts'

const limits: RolloutLimits = {
  deadlineMs: 600_000,
  settleMs: 1_000,
  imagePullMs: 42_000,
  unschedulableMs: 120_000,
  restarts: 2,
}
const names = ['event-ingester', 'download-worker', 'result-processor']

function setUp(record: DeploymentRecord = recordOf()) {
  const cluster = new FakeCluster(...names)
  const store = new FakeStore()
  const controller = new AbortController()
  let now = Date.parse('2026-11-23T10:00:00Z')
  // Every look at the clock takes a second, so that what has to settle settles.
  const clock = { now: () => new Date((now += 1_000)) }
  const run = (dryRun = false) =>
    rollout({ record, limits, dryRun }, { cluster, store, clock, log: silent, signal: controller.signal })
  return { cluster, store, controller, run }
}

const written = (cluster: FakeCluster): string[] => cluster.writes.map(({ deployment }) => deployment)

describe('rollout', () => {
  it('rolls the components in their order and records what their pods run', async () => {
    const { cluster, store, run } = setUp()
    const result = await run()
    expect(result.outcome).toBe('passed')
    expect(written(cluster)).toEqual(names)
    expect(result.record.deployed.map(({ deployment, digest, pods }) => [deployment, digest, pods])).toEqual(
      names.map((name) => [name, digestB, 2]),
    )
    expect(store.memory.latest).toEqual(result.record)
  })

  it('has saved the record with its snapshot before the first write', async () => {
    const { cluster, store, run } = setUp()
    let savedBefore: DeploymentRecord | undefined
    cluster.onWrite = () => (savedBefore ??= store.saved.at(-1))
    await run()
    expect(
      savedBefore?.snapshot?.deployments.map(({ deployment, revision }) => [deployment, revision]),
    ).toEqual(names.map((name) => [name, '1']))
  })

  it('says who did it on the Deployment, and nothing in its pod template', async () => {
    const { cluster, run } = setUp()
    await run()
    expect(cluster.writes[0]).toMatchObject({
      labels: { 'runbook-actions.io/version': 'v1.1.0', 'runbook-actions.io/run': '4711-1' },
      annotations: {
        'kubernetes.io/change-cause':
          'v1.1.0 (minor) by rosa, run https://github.example/acme/x/actions/runs/4711',
        'runbook-actions.io/record': 'kafka-pipeline/production/v1.1.0/4711-1',
      },
    })
  })

  it('stops at the first component that cannot succeed and leaves the later ones alone', async () => {
    const { cluster, store, run } = setUp()
    cluster.behaviours.set('download-worker', cannotPull)
    const result = await run()
    expect(result.outcome).toBe('failed')
    expect(result.reason).toContain(
      'download-worker: Pod download-worker-new-stuck: its image reference is not valid',
    )
    expect(written(cluster)).toEqual(['event-ingester', 'download-worker'])
    expect(store.memory.latest?.phases.at(-1)).toMatchObject({ phase: 'rollout', outcome: 'failed' })
    const summary = result.summary
      .map((part) => (part.kind === 'decision' ? part.markdown : part.text))
      .join('\n')
    expect(summary).toContain('## 🟥 v1.1.0 failed: production runs two versions')
    expect(summary.indexOf('deployment/download-worker --to-revision=1')).toBeLessThan(
      summary.indexOf('deployment/event-ingester --to-revision=1'),
    )
  })

  it('writes nothing where everything runs already, and says so', async () => {
    const plan = names.map((name) => planned(name, { to: `registry.local/${name}:v1.0.0` }))
    const { cluster, run } = setUp(recordOf({ plan }))
    const result = await run()
    expect(result).toMatchObject({
      outcome: 'passed',
      reason: 'production runs v1.1.0 already: nothing was changed.',
    })
    expect(cluster.writes).toEqual([])
    expect(result.record.snapshot).toBeUndefined()
    expect(result.record.deployed).toHaveLength(3)
  })

  it('rolls only what differs', async () => {
    const plan = [
      planned('event-ingester', { to: 'registry.local/event-ingester:v1.0.0' }),
      planned('download-worker'),
    ]
    const { cluster, run } = setUp(recordOf({ plan }))
    expect((await run()).reason).toBe('v1.1.0 is rolled out to production: 1 of 2 components changed.')
    expect(written(cluster)).toEqual(['download-worker'])
  })

  it('keeps the snapshot of an unfinished attempt: that is the state to go back to', async () => {
    const { cluster, store, run } = setUp()
    cluster.behaviours.set('download-worker', cannotPull)
    const first = await run()
    const second = setUp()
    second.store.memory = store.memory
    for (const [name, state] of cluster.states)
      if (name === 'event-ingester') second.cluster.states.set(name, state)
    expect((await second.run()).record.snapshot).toEqual(first.record.snapshot)
  })

  it('takes a new snapshot where another version was deployed before', async () => {
    const { store, run } = setUp()
    const other = recordOf({ version: 'v1.0.9' })
    store.memory = {
      latest: {
        ...other,
        snapshot: { at: '2026-01-01T00:00:00.000Z', deployments: [], configMaps: [], secrets: [] },
      },
      knownGood: undefined,
    }
    expect((await run()).record.snapshot?.deployments).toHaveLength(3)
  })

  it('stores nothing in a dry run, neither in the cluster nor in the record', async () => {
    const { store, run } = setUp()
    const result = await run(true)
    expect(result.reason).toBe('Dry run: v1.1.0 would be rolled to production; nothing was changed.')
    expect(store.saved).toEqual([])
    expect(result.record.deployed).toEqual([])
  })

  it('stops writing when it is cancelled, and records how far it came', async () => {
    const { cluster, store, controller, run } = setUp()
    cluster.onWrite = ({ deployment }) => {
      if (deployment === 'download-worker') controller.abort(new Error('SIGINT'))
    }
    const result = await run()
    expect(result.outcome).toBe('cancelled')
    expect(written(cluster)).toEqual(['event-ingester', 'download-worker'])
    expect(store.memory.latest?.phases.at(-1)).toMatchObject({ outcome: 'cancelled' })
    expect(store.memory.latest?.deployed.map(({ deployment }) => deployment)).toEqual(['event-ingester'])
  })

  it('names a Deployment that is not there, before any write', async () => {
    const { cluster, run } = setUp(recordOf({ plan: [planned('event-ingester'), planned('missing')] }))
    await expect(run()).rejects.toThrow('no Deployment missing')
    expect(cluster.writes).toEqual([])
  })
})
