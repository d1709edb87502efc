import { describe, expect, it } from '@jest/globals'
import {
  cannotPull,
  FakeCluster,
  FakeStore,
  goodRelease,
} from '@runbook-actions/shared/cluster/cluster.fixture.ts'
import type { ComponentState } from '@runbook-actions/shared/cluster/component.ts'
import {
  digestA,
  digestB,
  podOf,
  settledComponent,
} from '@runbook-actions/shared/cluster/component.fixture.ts'
import type { RolloutLimits } from '@runbook-actions/shared/cluster/follow-rollout.ts'
import { sourcesOf } from '@runbook-actions/shared/gates/sources.fixture.ts'
import { readingOf } from '@runbook-actions/shared/decide/group-reading.fixture.ts'
import { fakeLag } from '@runbook-actions/shared/kafka/consumer-lag.fixture.ts'
import { silent } from '@runbook-actions/shared/ports.ts'
import { planned, recordOf } from '@runbook-actions/shared/record/record.fixture.ts'
import type { DeploymentRecord } from '@runbook-actions/shared/record/schema.ts'
import { TEN_LINES } from '@runbook-actions/shared/runbook/example.ts'
import { fitSummary } from '@runbook-actions/shared/report/fit-summary.ts'
import { loadRunbook } from '@runbook-actions/shared/runbook/load.ts'
import { rollout, type RolloutPorts } from './rollout.ts'

const limits: RolloutLimits = {
  deadlineMs: 600_000,
  settleMs: 1_000,
  imagePullMs: 42_000,
  unschedulableMs: 120_000,
  restarts: 2,
}
const names = ['event-ingester', 'download-worker', 'result-processor']
/** Where the consumer groups stand is not told. */
const { lag } = sourcesOf()
const runbook = loadRunbook(`${TEN_LINES}window: { hours: "Mon-Sun 00:00-24:00", avoid: [] }\n`, {
  file: 'runbook.yaml',
})

function setUp(record: DeploymentRecord = recordOf(), read: RolloutPorts['lag'] = lag) {
  const cluster = new FakeCluster(...names)
  const store = new FakeStore()
  const controller = new AbortController()
  let now = Date.parse('2026-11-23T10:00:00Z')
  // Every look at the clock takes a second, so that what has to settle settles.
  const clock = { now: () => new Date((now += 1_000)) }
  const external: string[] = []
  const log = { ...silent, external: (text: string) => void external.push(text) }
  const run = (dryRun = false) =>
    rollout(
      { runbook, record, limits, dryRun },
      { cluster, store, lag: read, checkWrite: () => undefined, clock, log, signal: controller.signal },
    )
  return { cluster, store, controller, external, run }
}

const written = (cluster: FakeCluster): string[] => cluster.writes.map(({ deployment }) => deployment)

/** The component with pods of other bits. */
function withDigest(name: string, state: ComponentState, digest: string): ComponentState {
  const [set] = state.replicaSets
  if (set === undefined) throw new Error(`${name} has no ReplicaSet`)
  return { ...state, pods: [podOf(set, 'other', { digest })] }
}

/** The new pods crash at every start. */
const crashes: typeof cannotPull = (write, before) => {
  const rolled = cannotPull(write, before)
  const [set] = rolled.replicaSets
  if (set === undefined) throw new Error('no ReplicaSet')
  const down = podOf(set, 'down', { restarts: 2, terminated: { exitCode: 1, reason: 'Error' } })
  return { ...rolled, pods: [...before.pods, down] }
}

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
    expect(result.record.phases.at(-1)?.availability).toEqual(
      names.map((deployment) => ({ deployment, fewestReady: 2, promisedReady: 2 })),
    )
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

  it('has saved where the consumer groups stood before the first write, and asks no more in the next attempt', async () => {
    let asked = 0
    const stands = fakeLag({ now: () => new Date('2026-11-23T10:00:00Z') }, () => {
      asked += 1
      return readingOf([995])
    })
    const { cluster, store, run } = setUp(recordOf(), stands)
    let savedBefore: DeploymentRecord | undefined
    cluster.onWrite = () => (savedBefore ??= store.saved.at(-1))
    cluster.behaviours.set('result-processor', cannotPull)
    expect((await run()).outcome).toBe('failed')
    expect(savedBefore?.offsets).toEqual({
      source: 'kafka at test:9092',
      groups: [
        {
          group: 'xact-download-worker',
          deployments: ['download-worker'],
          at: '2026-11-23T10:00:00.000Z',
          topics: { events: [[0, 5]] },
        },
      ],
      notRead: [],
    })
    cluster.behaviours.clear()
    expect((await run()).record.offsets).toEqual(savedBefore?.offsets)
    expect(asked).toBe(1)
  })

  it('goes on where nobody tells the offsets, and records why', async () => {
    const { run } = setUp()
    const { outcome, record } = await run()
    expect(outcome).toBe('passed')
    expect(record.offsets?.notRead).toEqual([
      { group: 'xact-download-worker', why: 'The test gives no consumer lag.' },
    ])
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

  it('says why before anything else happens: sentence, evidence, advice; in summary and record', async () => {
    const { cluster, store, run } = setUp()
    cluster.behaviours.set('event-ingester', crashes)
    cluster.logs.set('event-ingester-new-down', 'INFO starts\nmissing environment variable ONELAKE_URL\n')
    const asked: number[] = []
    cluster.podLog = (pod) => {
      asked.push(store.saved.length)
      return Promise.resolve(cluster.logs.get(pod) ?? '')
    }
    const result = await run()
    expect(result.reason).toMatch(
      /^event-ingester: Pod event-ingester-new-down: its container crashes at every start: the environment variable ONELAKE_URL is missing/,
    )
    expect(store.memory.latest?.phases.at(-1)).toMatchObject({
      reason: result.reason,
      diagnosis: { kind: 'missing-environment-variable' },
    })
    // Read before the failure was saved: only the record of before the first write is there.
    expect(asked).toEqual([1, 1])
    const text = fitSummary(result.summary)
    expect(text).toContain('**Why:** event-ingester: Pod event-ingester-new-down: its container crashes')
    expect(text).toContain('**What to do**, as the runbook has it under Pods Crashing \\(CrashLoopBackOff\\)')
    expect(text).toContain('kubectl logs -n kafka-pipeline event-ingester-new-down\n')
    expect(text).toContain(
      'event-ingester-new-down/event-ingester | missing environment variable ONELAKE_URL',
    )
  })

  it('prints log lines as text of others, and has no diagnosis where nothing failed', async () => {
    const { cluster, run } = setUp()
    expect((await run()).record.phases.at(-1)).not.toHaveProperty('diagnosis')
    const failing = setUp()
    failing.cluster.behaviours.set('event-ingester', crashes)
    failing.cluster.podLog = () => Promise.resolve('::add-mask::error\n')
    await failing.run()
    expect(failing.external.join('\n')).toContain('| ::add-mask::error')
    expect(failing.cluster.writes).toHaveLength(1)
    expect(cluster.writes).toHaveLength(3)
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

  it('keeps the snapshot of a deployment that did not end well: that is the state to go back to', async () => {
    const first = setUp()
    first.store.memory = { latest: undefined, knownGood: goodRelease('v1.0.0', first.cluster) }
    first.cluster.behaviours.set('download-worker', cannotPull)
    const failed = await first.run()
    // The next version finds event-ingester rolled and download-worker half-way.
    const second = setUp(recordOf({ version: 'v1.1.1' }))
    second.store.memory = first.store.memory
    for (const [name, state] of first.cluster.states)
      second.cluster.states.set(name, withDigest(name, state, digestA))
    expect((await second.run()).record.snapshot).toEqual(failed.record.snapshot)
  })

  it('takes a new snapshot where production stands on the last good release', async () => {
    const { cluster, store, run } = setUp()
    const old = { at: '2026-01-01T00:00:00.000Z', deployments: [], configMaps: [], secrets: [] }
    const latest = recordOf({ version: 'v1.0.9', snapshot: old })
    store.memory = { latest, knownGood: goodRelease('v1.0.0', cluster) }
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

  describe('of a component that is scaled to zero and shall be woken', () => {
    function withSleeper(wake: { replicas: number; scaledObject?: string } = { replicas: 1 }) {
      const stage = setUp(
        recordOf({ plan: [planned('event-ingester'), planned('result-processor', { replicas: 0, wake })] }),
      )
      const name = 'result-processor'
      const image = `registry.local/${name}:v1.0.0`
      stage.cluster.states.set(
        name,
        settledComponent({ name, replicas: 0, generation: 1, revision: '1', image }),
      )
      return stage
    }
    const replicasIn = (cluster: FakeCluster) =>
      cluster.states.get('result-processor')?.deployment.spec?.replicas
    const text = (result: Awaited<ReturnType<typeof rollout>>) => fitSummary(result.summary)

    it('holds it after the image is written, records what its pods run, and leaves it held', async () => {
      const { cluster, run } = withSleeper()
      cluster.onHold = () => {
        expect(written(cluster)).toEqual(['event-ingester', 'result-processor'])
      }
      const result = await run()
      expect(result.outcome).toBe('passed')
      expect([...cluster.held.keys(), replicasIn(cluster)]).toEqual(['result-processor', 1])
      expect(result.record.deployed.at(-1)).toMatchObject({ deployment: 'result-processor', pods: 1 })
      expect(text(result)).toContain('which gives it back:** result-processor at 1 replica')
    })

    it('leaves one alone that is awake by then', async () => {
      const { cluster, run } = setUp(
        recordOf({ plan: [planned('result-processor', { wake: { replicas: 1 } })] }),
      )
      expect((await run()).outcome).toBe('passed')
      expect([cluster.held.size, replicasIn(cluster)]).toEqual([0, 2])
    })

    it('wakes it again where everything runs already: that is all that a repeated run has to do', async () => {
      const stage = withSleeper()
      await stage.run()
      await stage.cluster.giveBack({ deployment: 'result-processor', replicas: 1 }, stage.controller.signal)
      const writes = stage.cluster.writes.length
      expect((await stage.run()).reason).toBe(
        'production runs v1.1.0 already: nothing was changed. Held awake for the validation: result-processor at 1 replica.',
      )
      expect([stage.cluster.writes.length, stage.cluster.held.size]).toEqual([writes, 1])
    })

    it('gives it back where it breaks off although nothing was to be written', async () => {
      const { cluster, run } = setUp(
        recordOf({
          plan: [
            planned('result-processor', {
              to: 'registry.local/result-processor:v1.0.0',
              wake: { replicas: 1 },
            }),
          ],
        }),
      )
      const image = 'registry.local/result-processor:v1.0.0'
      cluster.states.set(
        'result-processor',
        settledComponent({ name: 'result-processor', replicas: 0, image }),
      )
      cluster.onWait = () => {
        throw new Error('the watch ended')
      }
      await expect(run()).rejects.toThrow('the watch ended')
      expect(cluster.held.size).toBe(0)
    })

    it('gives it back where its pods do not come up', async () => {
      const { cluster, run } = withSleeper()
      const hold = cluster.hold.bind(cluster)
      cluster.hold = async (sleeper, signal) => {
        const isHeld = await hold(sleeper, signal)
        const state = cluster.states.get('result-processor')!
        const [set] = state.replicaSets
        const stuck = podOf(set!, 'stuck', { waiting: { reason: 'InvalidImageName', message: 'no' } })
        cluster.states.set('result-processor', { ...state, pods: [stuck] })
        return isHeld
      }
      const result = await run()
      expect(result.outcome).toBe('failed')
      expect(result.reason).toContain(
        'result-processor was woken for its validation and is scaled to zero again.',
      )
      expect([cluster.held.size, replicasIn(cluster)]).toEqual([0, 0])
    })

    it('names what is held, with the commands, where it cannot be given back or is cancelled', async () => {
      const back = 'kubectl scale deployment/result-processor --replicas=0 -n kafka-pipeline'
      const cancelled = withSleeper()
      cancelled.cluster.onWait = () => {
        if (cancelled.cluster.held.size > 0) cancelled.controller.abort(new Error('SIGINT'))
      }
      const stopped = await cancelled.run()
      expect(stopped.outcome).toBe('cancelled')
      expect(stopped.reason).toContain('Held awake still: result-processor at 1 replica.')
      expect(text(stopped)).toContain(back)

      const failing = withSleeper({ replicas: 1, scaledObject: 'processor' })
      failing.cluster.watch = () => Promise.reject(new Error('no watch'))
      failing.cluster.held.set('result-processor', { deployment: 'result-processor', replicas: 1 })
      failing.cluster.giveBack = () => Promise.reject(new Error('forbidden'))
      const failed = await failing.run()
      expect(failed.outcome).toBe('failed')
      expect(failed.reason).toContain('could not be given back: forbidden')
      expect(text(failed)).toContain('kubectl annotate scaledobject/processor')
    })
  })

  it('names a Deployment that is not there, before any write', async () => {
    const { cluster, run } = setUp(recordOf({ plan: [planned('event-ingester'), planned('missing')] }))
    await expect(run()).rejects.toThrow('no Deployment missing')
    expect(cluster.writes).toEqual([])
  })
})
