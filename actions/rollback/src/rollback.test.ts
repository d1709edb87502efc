import { beforeEach, describe, expect, it } from '@jest/globals'
import { FakeCluster, FakeStore, restoresAtOnce } from '@runbook-actions/shared/cluster/cluster.fixture.ts'
import {
  deploymentOf,
  digestA,
  digestB,
  podOf,
  replicaSetOf,
  settledComponent,
} from '@runbook-actions/shared/cluster/component.fixture.ts'
import { dataDigest, textDigest } from '@runbook-actions/shared/cluster/configuration/content-digest.ts'
import { FakeLock } from '@runbook-actions/shared/cluster/lock.fixture.ts'
import { takeSnapshot } from '@runbook-actions/shared/cluster/snapshot.ts'
import { readingOf } from '@runbook-actions/shared/decide/group-reading.fixture.ts'
import { goodSources } from '@runbook-actions/shared/gates/sources.fixture.ts'
import { quietPipeline } from '@runbook-actions/shared/metrics/metrics.fixture.ts'
import type { ConsumerLag } from '@runbook-actions/shared/kafka/consumer-lag.ts'
import { fakeLag } from '@runbook-actions/shared/kafka/consumer-lag.fixture.ts'
import { silent } from '@runbook-actions/shared/ports.ts'
import { appendPhase } from '@runbook-actions/shared/record/append.ts'
import type { Offsets } from '@runbook-actions/shared/record/offsets.ts'
import { recordOf } from '@runbook-actions/shared/record/record.fixture.ts'
import type { DeploymentRecord, KnownGood } from '@runbook-actions/shared/record/schema.ts'
import { fitSummary } from '@runbook-actions/shared/report/fit-summary.ts'
import { loadRunbook } from '@runbook-actions/shared/runbook/load.ts'
import { rollbackAfter } from './after-deployment.ts'
import { lockedRollback, type LockedInputs } from './locked.ts'

const names = ['event-ingester', 'download-worker', 'result-processor'] as const
const runbookText = `version: 1
pipeline: kafka-pipeline
environments: { production: { namespace: kafka-pipeline } }
components: [${names.map((name) => `{ deployment: ${name} }`).join(', ')}]
`
const runbook = loadRunbook(runbookText, { file: 'runbook.yaml' })
const run = { id: '900', attempt: '1', url: 'https://github.example/runs/900', actor: 'olga' }

describe('rollback', () => {
  let now: number
  let cluster: FakeCluster
  let store: FakeStore
  let lock: FakeLock
  let controller: AbortController
  let metrics: ReturnType<typeof quietPipeline>
  let record: DeploymentRecord
  let lag: ConsumerLag | undefined

  beforeEach(async () => {
    now = Date.parse('2026-11-23T10:00:00Z')
    cluster = new FakeCluster()
    for (const name of names) {
      const image = `registry.local/${name}:v1.0.0`
      const shape = { name, replicas: 2, revision: '1', generation: 1, image, digest: digestA }
      cluster.states.set(name, settledComponent(shape))
    }
    cluster.onWait = (until) => {
      now = Math.max(now + 1000, until.getTime())
    }
    cluster.configMaps.set('settings', { LEVEL: 'info' })
    withSettings('event-ingester')
    store = new FakeStore()
    lock = new FakeLock()
    controller = new AbortController()
    metrics = quietPipeline(...names)
    lag = undefined
    const { signal } = controller
    const snapshot = await takeSnapshot(cluster, cluster.states.values(), { clock, signal })
    const good: KnownGood = {
      recordId: 'kafka-pipeline/production/v1.0.0/1-1',
      version: 'v1.0.0',
      commit: 'c0ffee',
      at: '2026-11-20T10:00:00.000Z',
      components: names.map((deployment) => ({
        deployment,
        container: deployment,
        image: `registry.local/${deployment}:v1.0.0`,
        digest: digestA,
        pods: 2,
      })),
    }
    record = recordOf({ from: good, snapshot })
    store.memory = { latest: record, knownGood: good }
  })

  const clock = { now: (): Date => new Date(now) }

  /** Its pods read the ConfigMap `settings`. */
  function withSettings(name: string): void {
    const state = cluster.states.get(name)!
    const spec = structuredClone(state.deployment.spec!)
    spec.template.spec!.containers[0]!.envFrom = [{ configMapRef: { name: 'settings' } }]
    cluster.states.set(name, { ...state, deployment: { ...state.deployment, spec } })
  }

  /** The bad release, rolled out to these. */
  function deployed(...which: readonly string[]): void {
    for (const name of which) {
      const state = settledComponent({
        name,
        replicas: 2,
        revision: '2',
        image: `registry.local/${name}:v1.1.0`,
      })
      cluster.states.set(name, state)
    }
  }

  const goBack = (given: Partial<LockedInputs> = {}) =>
    lockedRollback(
      {
        runbook,
        record,
        wish: { kind: 'known-good' },
        components: [],
        reason: 'critical bug',
        schemaOverride: undefined,
        run,
        dryRun: false,
        command: 'node rollback.mjs --pipeline kafka-pipeline',
        ...given,
      },
      {
        cluster,
        store,
        lock,
        connect: () => ({
          sources: goodSources(cluster, { clock, metrics, ...(lag && { lag }) }),
          close: () => Promise.resolve(),
        }),
        clock,
        log: silent,
        signal: controller.signal,
      },
    )

  const imageOf = (name: string) =>
    cluster.states.get(name)?.deployment.spec?.template.spec?.containers[0]?.image

  /** As the run itself does after a deployment that ended so. */
  const goBackAfter = (
    end: { outcome: 'failed' | 'held' | 'cancelled'; verdict?: 'fail' | 'unknown' },
    latest: DeploymentRecord | undefined = record,
  ) => {
    const at = clock.now()
    const handedOn = appendPhase(record, {
      phase: 'rollout',
      reason: 'It crashes.',
      startedAt: at,
      endedAt: at,
      ...end,
    })
    return rollbackAfter(
      {
        runbook,
        handedOn,
        latest,
        run,
        dryRun: false,
        schemaOverride: undefined,
        command: 'node rollback.mjs',
      },
      {
        cluster,
        store,
        lock,
        connect: () => ({
          sources: goodSources(cluster, { clock, metrics }),
          close: () => Promise.resolve(),
        }),
        clock,
        log: silent,
        signal: controller.signal,
      },
    )
  }

  it('takes back by itself what has failed, and tells that nobody but the run did', async () => {
    deployed('event-ingester', 'download-worker')
    const result = await goBackAfter({ outcome: 'failed', verdict: 'fail' })
    expect(result.outcome).toBe('rolled-back')
    for (const name of names) expect(imageOf(name)).toContain(`registry.local/${name}:v1.0.0`)
    const { latest } = store.memory
    expect(latest?.rollback).toMatchObject({ cause: 'failed', reason: 'failed at rollout: It crashes' })
    expect(latest?.phases.map(({ phase, outcome }) => `${phase} ${outcome}`)).toEqual([
      'rollout failed',
      'rollback rolled-back',
    ])
    expect(fitSummary(result.summary, 60_000)).toContain('by the run itself, failed')
  })

  it.each([
    { outcome: 'held' },
    { outcome: 'cancelled' },
    { outcome: 'failed', verdict: 'unknown' },
  ] as const)('leaves %j to a person, and the lock to whoever comes next', async (end) => {
    deployed('event-ingester')
    const result = await goBackAfter(end)
    expect([result.outcome, cluster.restored, lock.calls]).toEqual(['held', [], []])
    const text = fitSummary(result.summary, 60_000)
    expect(text).toContain('## 🟨 production is not rolled back: a person decides')
    expect(text).toContain('node actions/rollback/dist/index.js --pipeline kafka-pipeline')
  })

  it('does nothing under the lock where another deployment came while it waited', async () => {
    deployed(...names)
    store.memory = { ...store.memory, latest: recordOf({ id: 'another', version: 'v1.2.0' }) }
    const result = await goBackAfter({ outcome: 'failed', verdict: 'fail' })
    expect([result.outcome, cluster.restored, lock.calls]).toEqual(['held', [], ['acquire', 'release']])
    expect(result.reason).toContain('with v1.2.0 since')
  })

  it('puts every component back, the last one first, pinned to what ran', async () => {
    deployed(...names)
    const result = await goBack()
    expect([result.outcome, result.reason]).toEqual([
      'rolled-back',
      'Back on the last known good release, v1.0.0: pods and metrics are well.',
    ])
    expect(cluster.restored.map(({ deployment }) => deployment)).toEqual([...names].reverse())
    for (const name of names) expect(imageOf(name)).toBe(`registry.local/${name}:v1.0.0@${digestA}`)
    expect(lock.calls).toEqual(['acquire', 'release'])
  })

  it('leaves a record of it, marks the release, and calls good what runs now', async () => {
    deployed(...names)
    await goBack()
    const { latest, knownGood } = store.memory
    expect(latest?.rollback).toMatchObject({
      reason: 'critical bug',
      version: 'v1.0.0',
      run: { actor: 'olga' },
    })
    expect(latest?.phases.at(-1)).toMatchObject({ phase: 'rollback', outcome: 'rolled-back' })
    expect(knownGood).toMatchObject({ version: 'v1.0.0', recordId: record.from?.recordId })
    expect(knownGood?.components.map(({ image }) => image)).toEqual(
      [...names].reverse().map((name) => `registry.local/${name}:v1.0.0@${digestA}`),
    )
    expect(store.past.bad).toMatchObject([{ version: 'v1.1.0', reason: 'critical bug', by: 'olga' }])
  })

  it('has a receipt of what the release has committed, recorded before the first write', async () => {
    deployed(...names)
    const group = { group: 'workers', deployments: ['download-worker'], at: '2026-11-23T09:50:00.000Z' }
    const offsets: Offsets = {
      source: 'kafka at test:9092',
      groups: [{ ...group, topics: { events: [[0, 5]] } }],
      notRead: [],
    }
    record = recordOf({ ...record, offsets })
    store.memory = { ...store.memory, latest: record }
    lag = fakeLag(clock, () => readingOf([600]))
    let savedBefore: DeploymentRecord | undefined
    cluster.onRestore = () => (savedBefore ??= store.saved.at(-1))
    const result = await goBack()
    const receipt = savedBefore?.rollback?.receipt
    expect(receipt?.groups).toMatchObject([{ group: 'workers', topics: { events: [[0, 5, 400]] } }])
    expect(store.memory.latest?.rollback?.receipt).toEqual(receipt)
    const text = fitSummary(result.summary)
    expect(text).toContain('| workers | events | 1 | 395 |')
    expect(text).toContain('events,0,5\nEND')
    // A second one has nothing to put back, and takes nothing of what was recorded.
    await goBack()
    expect(store.memory.latest?.rollback?.receipt).toEqual(receipt)
  })

  it('goes back also where nobody knows the offsets, and says so', async () => {
    deployed(...names)
    const { outcome, summary } = await goBack()
    expect(outcome).toBe('rolled-back')
    expect(fitSummary(summary)).toContain(
      '- Not known: What was committed before the deployment is not recorded: there is nothing to compare with.',
    )
  })

  it('freezes where the old code was not shown to run on the new schema, until a person decides', async () => {
    deployed(...names)
    const migration = {
      version: 'v1.1.0',
      before: 'v1.0.0',
      from: '1a2b',
      to: '3c4d',
      startedAt: record.openedAt,
    }
    record = { ...record, migrations: [migration] }
    store.memory = { ...store.memory, latest: record }
    const frozen = await goBack()
    expect([frozen.outcome, cluster.restored, store.saved]).toEqual(['blocked', [], []])
    const text = fitSummary(frozen.summary)
    expect(text).toContain('## 🟥 production is frozen on v1.1.0: the database has another schema')
    expect(text).toContain('schema-override')
    expect(lock.calls).toEqual(['acquire', 'release'])
    expect((await goBack({ dryRun: true })).outcome).toBe('blocked')

    // It is interrupted: the decision stands for the next one.
    cluster.onRestore = () => {
      controller.abort(new Error('cancelled by SIGINT'))
    }
    const stopped = await goBack({ schemaOverride: 'the new column is nullable' })
    expect([stopped.outcome, store.memory.latest?.overrides]).toMatchObject([
      'cancelled',
      [{ gate: 'schema', reason: 'the new column is nullable', by: 'olga' }],
    ])
    cluster.onRestore = () => undefined
    controller = new AbortController()
    expect((await goBack()).outcome).toBe('rolled-back')
  })

  it('goes back over a migration that the release has declared to be backward-compatible', async () => {
    deployed(...names)
    const migration = { version: 'v1.1.0', before: 'v1.0.0', to: '3c4d', startedAt: record.openedAt }
    record = { ...record, migrations: [migration] }
    store.memory = { ...store.memory, latest: record }
    const declared = loadRunbook(
      `${runbookText}migrations: { tool: alembic, job: job.yaml, backup: backup.yaml, backward-compatible: [v1.1.0] }\n`,
      { file: 'runbook.yaml' },
    )
    expect((await goBack({ runbook: declared })).outcome).toBe('rolled-back')
  })

  it('writes only what is not as it was', async () => {
    deployed('event-ingester')
    withSettings('event-ingester')
    expect((await goBack()).outcome).toBe('rolled-back')
    expect(cluster.restored.map(({ deployment }) => deployment)).toEqual(['event-ingester'])
  })

  it('has nothing to do where all is as it was, and says so only after it has looked', async () => {
    const result = await goBack()
    expect([result.outcome, result.reason]).toEqual([
      'passed',
      'Nothing to do: every pod runs the last known good release, v1.0.0 already, checked by digest.',
    ])
    expect([cluster.restored, store.saved]).toEqual([[], []])

    const state = cluster.states.get('download-worker')!
    cluster.states.set('download-worker', {
      ...state,
      pods: [podOf(state.replicaSets[0]!, 'moved', { digest: digestB }), ...state.pods.slice(1)],
    })
    expect((await goBack()).outcome).not.toBe('passed')
  })

  it('is the same the second time: it never toggles', async () => {
    deployed(...names)
    await goBack()
    const images = names.map(imageOf)
    expect((await goBack()).outcome).toBe('passed')
    expect(names.map(imageOf)).toEqual(images)
  })

  it('puts configuration back first, and makes the pods anew that have read the other', async () => {
    cluster.configMaps.set('settings', { LEVEL: 'debug' })
    expect((await goBack()).outcome).toBe('rolled-back')
    expect(cluster.configMaps.get('settings')).toEqual({ LEVEL: 'info' })
    expect(cluster.restored.map(({ deployment }) => deployment)).toEqual(['event-ingester'])
    expect(JSON.stringify(cluster.restored[0]?.template)).toContain('restartedAt')
  })

  it('removes a canary that was left first, and no other', async () => {
    deployed('download-worker')
    const canary = (component: string) => ({
      component,
      name: `${component}-canary`,
      state: settledComponent({ name: `${component}-canary`, replicas: 1 }),
    })
    for (const name of ['download-worker', 'result-processor'])
      cluster.canaryStates.set(`${name}-canary`, canary(name))
    const leftAtWrite: string[][] = []
    cluster.onRestore = () => void leftAtWrite.push([...cluster.canaryStates.keys()])
    const only = { components: ['download-worker'] }
    const dry = await goBack({ ...only, dryRun: true })
    expect(dry.reason).toContain('download-worker-canary: it is a canary of download-worker that was left')
    cluster.canaryStates.set('download-worker-canary', canary('download-worker'))
    deployed('download-worker')
    leftAtWrite.length = 0
    const result = await goBack(only)
    expect(result.outcome).toBe('rolled-back')
    expect(leftAtWrite).toEqual([['result-processor-canary']])
    expect(fitSummary(result.summary)).toContain('- Removed: download-worker-canary, a canary that was left')
  })

  it('is never "nothing to do" while a canary runs, and says which does not go', async () => {
    const state = settledComponent({ name: 'download-worker-canary', replicas: 1 })
    cluster.canaryStates.set('download-worker-canary', {
      component: 'download-worker',
      name: 'download-worker-canary',
      state,
    })
    cluster.removeCanary = () => Promise.resolve()
    const result = await goBack()
    expect([result.outcome, result.reason]).toEqual([
      'rollback-failed',
      'Removed, and its pods are not gone yet: download-worker-canary.',
    ])
  })

  it('puts binary data back as well', async () => {
    const { signal } = controller
    cluster.binaryData.set('settings', { 'ca.der': 'Z29vZA==' })
    const snapshot = await takeSnapshot(cluster, cluster.states.values(), { clock, signal })
    record = recordOf({ ...record, snapshot })
    store.memory = { ...store.memory, latest: record }
    expect((await goBack()).outcome).toBe('passed')
    cluster.binaryData.set('settings', { 'ca.der': 'YmFk' })
    expect((await goBack()).outcome).toBe('rolled-back')
    expect(cluster.binaryData.get('settings')).toEqual({ 'ca.der': 'Z29vZA==' })
  })

  it('gives replicas back that were taken, and takes none that were added', async () => {
    deployed(...names)
    const scale = (name: string, replicas: number): void => {
      const image = `registry.local/${name}:v1.1.0`
      cluster.states.set(name, settledComponent({ name, replicas, image }))
    }
    scale('download-worker', 1)
    scale('result-processor', 5)
    await goBack()
    const replicas = new Map(cluster.restored.map((each) => [each.deployment, each.replicas]))
    expect([replicas.get('download-worker'), replicas.get('result-processor')]).toEqual([2, undefined])
  })

  it('leaves replicas to their autoscaler', async () => {
    deployed(...names)
    cluster.scaledBy.set('download-worker', { kind: 'HPA', name: 'h', min: 1, max: 9 })
    cluster.states.set(
      'download-worker',
      settledComponent({
        name: 'download-worker',
        replicas: 1,
        image: 'registry.local/download-worker:v1.1.0',
      }),
    )
    await goBack()
    const wanted = cluster.restored.find(({ deployment }) => deployment === 'download-worker')
    expect(wanted?.replicas).toBeUndefined()
  })

  it('gives back first what the deployment holds awake, also where nothing else is to be done', async () => {
    const plan = record.plan.map((each) =>
      each.deployment === 'result-processor' ? { ...each, wake: { replicas: 1 } } : each,
    )
    const asleep = settledComponent({
      name: 'result-processor',
      replicas: 0,
      image: 'registry.local/result-processor:v1.1.0',
    })
    cluster.states.set('result-processor', asleep)
    const snapshot = structuredClone(record.snapshot!)
    for (const each of snapshot.deployments) if (each.deployment === 'result-processor') each.replicas = 0
    store.memory = { ...store.memory, latest: { ...record, plan, snapshot } }
    await cluster.hold({ deployment: 'result-processor', replicas: 1 }, controller.signal)
    const dry = await goBack({ dryRun: true })
    expect(dry.reason).toContain('held awake for the validation: result-processor at 1 replica')
    expect(cluster.held.size).toBe(1)
    cluster.onRestore = () => {
      expect(cluster.held.size).toBe(0)
    }
    const result = await goBack()
    expect(result.reason).toContain(
      'result-processor was woken for its validation and is scaled to zero again.',
    )
    expect(cluster.restored.map(({ deployment }) => deployment)).toEqual(['result-processor'])
    expect((await goBack()).outcome).toBe('passed')
  })

  it('puts one component back where only one is named, and calls no mixture good', async () => {
    deployed(...names)
    const before = store.memory.knownGood
    expect((await goBack({ components: ['download-worker'] })).outcome).toBe('rolled-back')
    expect(cluster.restored.map(({ deployment }) => deployment)).toEqual(['download-worker'])
    expect(store.memory.knownGood).toBe(before)
    await expect(goBack({ components: ['nobody'] })).rejects.toThrow('no component nobody')
  })

  it('a dry run says what it would do, takes no lock and saves nothing', async () => {
    deployed('download-worker')
    const result = await goBack({ dryRun: true })
    expect(result.reason).toBe(
      'Dry run: would go back to the last known good release, v1.0.0: download-worker: it has registry.local/download-worker:v1.1.0 instead of registry.local/download-worker:v1.0.0; 2 pods run another content of download-worker.',
    )
    expect([lock.calls, store.saved]).toEqual([[], []])
  })

  it('ends where a component does not come back, touches nothing more, and marks the release all the same', async () => {
    deployed(...names)
    cluster.restoring.set('download-worker', (wanted, before) => {
      const back = restoresAtOnce(wanted, before)
      const deployment = deploymentOf({ name: 'download-worker', replicas: 2, revision: '3', generation: 3 })
      const set = replicaSetOf(deployment, 'back', '3')
      const stuck = podOf(set, 'stuck', { waiting: { reason: 'InvalidImageName', message: 'gone' } })
      return { ...back, replicaSets: [set], pods: [...before.pods, stuck] }
    })
    const result = await goBack()
    expect(result.outcome).toBe('rollback-failed')
    expect(result.reason).toMatch(/^download-worker is not back: /)
    expect(result.next).toMatch(/Kubernetes keeps the pods that serve/)
    expect(imageOf('event-ingester')).toBe('registry.local/event-ingester:v1.1.0')
    expect(store.past.bad.map(({ version }) => version)).toEqual(['v1.1.0'])
    expect(store.memory.latest?.phases.at(-1)?.outcome).toBe('rollback-failed')
    expect(lock.calls).toEqual(['acquire', 'release'])

    // The image is there again: Kubernetes goes on by itself, and so does the next rollback.
    const stuck = cluster.states.get('download-worker')!
    cluster.states.set('download-worker', restoresAtOnce(cluster.restored.at(-1)!, stuck))
    expect((await goBack()).outcome).toBe('rolled-back')
    for (const name of names) expect(imageOf(name)).toContain(':v1.0.0@')
  })

  it('fails where every pod is back and something is still wrong', async () => {
    deployed(...names)
    cluster.answer = () => ({ status: 503, body: 'no database' })
    const result = await goBack()
    expect([result.outcome, result.reason]).toEqual([
      'rollback-failed',
      expect.stringMatching(/^Every pod is back on .*, and it is not well: .*do not answer 200/),
    ])
    expect(store.memory.knownGood?.components[0]?.image).toContain('v1.0.0@')
  })

  it('an outage of the metrics fails no rollback: it says that they show nothing', async () => {
    deployed(...names)
    Object.assign(metrics, { counted: () => Promise.reject(new Error('no route to Prometheus')) })
    const result = await goBack()
    expect([result.outcome, result.reason]).toEqual([
      'rolled-back',
      'Back on the last known good release, v1.0.0: pods are well; the metrics do not show enough yet.',
    ])
    expect(now - Date.parse('2026-11-23T10:00:00Z')).toBeGreaterThanOrEqual(runbook.rollback.within)
  })

  it('stopped in the middle it says what is back; run again it goes on', async () => {
    deployed(...names)
    cluster.onRestore = ({ deployment }) => {
      if (deployment === 'download-worker') controller.abort(new Error('the run was cancelled'))
    }
    const stopped = await goBack()
    expect([stopped.outcome, stopped.reason]).toEqual([
      'cancelled',
      'Stopped (the run was cancelled): back: result-processor; not back: download-worker, event-ingester.',
    ])
    cluster.onRestore = () => undefined
    controller = new AbortController()
    expect((await goBack()).outcome).toBe('rolled-back')
    expect(cluster.restored.map(({ deployment }) => deployment)).toEqual([...names].reverse())
  })

  it('tells what a rollback has put back that did not live to say so', async () => {
    deployed(...names)
    const saveRollback = store.saveRollback.bind(store)
    store.saveRollback = () => Promise.reject(new Error('killed'))
    await goBack().catch(() => undefined)
    expect(store.memory.latest?.phases).toEqual(record.phases)
    store.saveRollback = saveRollback
    const again = await goBack()
    expect(again.outcome).toBe('rolled-back')
    expect(cluster.restored.length).toBe(names.length)
    expect(store.memory.latest?.phases.at(-1)?.outcome).toBe('rolled-back')
    expect(store.past.bad.map(({ version }) => version)).toEqual(['v1.1.0'])
    expect((await goBack()).outcome).toBe('passed')
  })

  it('stopped while the metrics are waited for, what is back is known good', async () => {
    deployed(...names)
    Object.assign(metrics, { counted: () => Promise.reject(new Error('no route to Prometheus')) })
    cluster.onWait = (until) => {
      now = Math.max(now + 1000, until.getTime())
      if (cluster.restored.length === names.length && now > Date.parse('2026-11-23T10:01:00Z'))
        controller.abort(new Error('Ctrl-C'))
    }
    const result = await goBack()
    expect([result.outcome, result.reason]).toEqual([
      'cancelled',
      'Stopped (Ctrl-C): every pod is back, and the metrics were not waited for.',
    ])
    expect(store.memory.knownGood?.components[0]?.image).toContain('v1.0.0@')
  })

  it.each(['ImagePullBackOff', 'CrashLoopBackOff'])(
    'makes pods anew that an earlier rollback left in %s: they would wait for minutes although the cause is mended',
    async (reason) => {
      const good = cluster.states.get('download-worker')!
      const pod = podOf(good.replicaSets[0]!, 'waits', { waiting: { reason, message: '' }, restarts: 5 })
      cluster.states.set('download-worker', { ...good, pods: [pod, ...good.pods.slice(1)] })
      expect((await goBack()).outcome).toBe('rolled-back')
      expect(cluster.restored.map(({ deployment }) => deployment)).toEqual(['download-worker'])
      expect(JSON.stringify(cluster.restored[0]?.template)).toContain('restartedAt')
    },
  )

  it('hands on the record of the rollback that did it where there is nothing left to do', async () => {
    deployed(...names)
    const done = await goBack()
    const again = await goBack({ record: done.record, reason: 'to keep the books' })
    expect([again.outcome, again.record]).toEqual(['passed', done.record])
    expect(again.record.rollback?.reason).toBe('critical bug')
  })

  it('does not wait for metrics where there is nothing to do', async () => {
    Object.assign(metrics, { counted: () => Promise.reject(new Error('no route to Prometheus')) })
    const begun = now
    expect((await goBack()).outcome).toBe('passed')
    expect(now - begun).toBeLessThan(runbook.watch.every)
  })

  it('another rollback that holds the lock is not crossed', async () => {
    deployed(...names)
    lock.refusal = 'Another run holds the lock: run 899 by rosa, going back from v1.1.0'
    const result = await goBack()
    expect([result.outcome, result.reason]).toEqual(['blocked', lock.refusal])
    expect([cluster.restored, store.saved]).toEqual([[], []])
  })

  it('reads what shows the cause before anything is changed', async () => {
    deployed(...names)
    const read: number[] = []
    cluster.podLog = () => {
      read.push(cluster.restored.length)
      return Promise.resolve('ERROR no such table\n')
    }
    const result = await goBack()
    expect(read.filter((written) => written === 0).length).toBeGreaterThan(0)
    expect(fitSummary(result.summary)).toContain('ERROR no such table')
  })

  it('goes back by the runbook file of the release that it goes back to', async () => {
    deployed(...names)
    const used: string[] = []
    const text = `version: 1
pipeline: kafka-pipeline
environments: { production: { namespace: kafka-pipeline } }
components: [{ deployment: event-ingester, health: { path: /old } }]
`
    store.past = {
      releases: [{ good: record.from!, state: record.snapshot!, runbook: text }],
      bad: [],
      runbook: undefined,
    }
    cluster.answer = (_, path) => {
      used.push(path)
      return { status: 200, body: 'kafka_messages_consumed_total 1\n' }
    }
    await goBack()
    expect(used).toContain('/old')
  })

  it('goes to a revision of one component', async () => {
    const state = settledComponent({ name: 'download-worker', replicas: 2, revision: '2', digest: digestA })
    const { template } = deploymentOf({
      name: 'download-worker',
      image: 'registry.local/download-worker:v0.9.0',
    }).spec!
    const old = replicaSetOf(state.deployment, 'old', '1')
    const labels = { app: 'x', 'pod-template-hash': 'old' }
    const spec = { selector: {}, template: { ...template, metadata: { labels } } }
    cluster.states.set('download-worker', { ...state, replicaSets: [...state.replicaSets, { ...old, spec }] })
    const wish = { kind: 'revision', revision: 1 } as const
    const result = await goBack({ wish, components: ['download-worker'] })
    expect(result.outcome).toBe('rolled-back')
    expect(cluster.restored[0]?.template).toMatchObject({ metadata: { labels: { app: 'x' } } })
    expect(JSON.stringify(cluster.restored[0]?.template)).not.toContain('pod-template-hash')
    await expect(goBack({ wish })).rejects.toThrow('is of one Deployment')
    await expect(
      goBack({ wish: { kind: 'revision', revision: 7 }, components: ['download-worker'] }),
    ).rejects.toThrow('has no revision 7')
  })

  it('says first how production stands and what to do, and gives the command', async () => {
    deployed(...names)
    const text = fitSummary((await goBack()).summary)
    expect(text).toMatch(/^## 🟧 production is back on v1\.0\.0\n\*\*Do:\*\* mend the cause/)
    expect(text).toContain('node rollback.mjs --pipeline kafka-pipeline')
    expect(text).toContain('**Not restored:** offsets')
  })

  it('records who approved it, where somebody was asked, and shows it', async () => {
    deployed(...names)
    const approval = {
      environment: 'production-on-call',
      by: 'tina',
      comment: 'go',
      seenAt: '2026-11-23T09:59:00.000Z',
    }
    const result = await goBack({ approval })
    expect(result.record.rollback?.approval).toEqual(approval)
    expect(store.saved.at(-1)?.rollback?.approval).toEqual(approval)
    expect(fitSummary(result.summary)).toContain('**Approved by:** @tina for production-on-call, seen at')
    expect(fitSummary(result.summary)).toContain(': go')
  })

  describe('of a configuration change', () => {
    const restartedAt = '2026-11-23T09:55:00.000Z'

    /** The pods of `event-ingester` were made anew, for settings that are bad. */
    function reconfigured(): void {
      record = {
        ...record,
        version: 'v1.0.0',
        class: 'configuration',
        configuration: {
          configMap: 'settings',
          changes: [{ key: 'LEVEL', change: 'changed' }],
          before: dataDigest({ LEVEL: 'info' }),
          after: dataDigest({ LEVEL: 'bad' }),
        },
        plan: record.plan.map((each) => ({ ...each, to: each.from, restartedAt })),
      }
      store.memory = { ...store.memory, latest: record }
      cluster.configMaps.set('settings', { LEVEL: 'bad' })
      const state = cluster.states.get('event-ingester')!
      const spec = structuredClone(state.deployment.spec!)
      spec.template.metadata = {
        ...spec.template.metadata,
        annotations: { 'kubectl.kubernetes.io/restartedAt': restartedAt },
      }
      cluster.states.set('event-ingester', { ...state, deployment: { ...state.deployment, spec } })
    }

    it('goes back together with the ConfigMap, and marks no release as bad', async () => {
      reconfigured()
      const result = await goBack()
      expect(result.outcome).toBe('rolled-back')
      expect(cluster.configMaps.get('settings')).toEqual({ LEVEL: 'info' })
      expect(cluster.restored.map(({ deployment }) => deployment)).toEqual(['event-ingester'])
      expect(store.past.bad).toEqual([])
    })

    it('also where an attempt before it died after the ConfigMap: pods with the bad one do not stay', async () => {
      reconfigured()
      cluster.configMaps.set('settings', { LEVEL: 'info' })
      expect((await goBack()).outcome).toBe('rolled-back')
      expect(cluster.restored.map(({ deployment }) => deployment)).toEqual(['event-ingester'])
      const again = await goBack()
      expect(again.outcome).toBe('passed')
      expect(cluster.restored).toHaveLength(1)
    })

    it('asks every pod: one that still has what the change added is not back', async () => {
      reconfigured()
      cluster.configMaps.set('settings', { LEVEL: 'bad', EXTRA: 'on' })
      const has = { LEVEL: 'info', EXTRA: 'on' }
      cluster.environmentIn = () => has
      const result = await goBack()
      expect(result.outcome).toBe('rollback-failed')
      expect(result.reason).toContain('have not what settings says: EXTRA')
      const found = result.record.phases.at(-1)?.gates.find(({ gate }) => gate === 'configuration-loaded')
      expect(found?.evidence[0]).toContain('EXTRA is still there with the value that was removed')
      expect(JSON.stringify(result.record)).not.toContain('"on"')
    })

    it('passes where what the change added is gone, and what it changed is as it was', async () => {
      reconfigured()
      cluster.configMaps.set('settings', { LEVEL: 'bad', EXTRA: 'on' })
      cluster.environmentIn = () => ({ LEVEL: 'info' })
      const result = await goBack()
      expect(result.outcome).toBe('rolled-back')
      const found = result.record.phases.at(-1)?.gates.find(({ gate }) => gate === 'configuration-loaded')
      expect(found).toMatchObject({ verdict: 'pass' })
      expect(found?.answer).toContain('Gone from all 2 pods with what was removed: 1 variable.')
    })

    it('does not take a variable of the image for one that stayed, where an attempt before it died', async () => {
      reconfigured()
      record = {
        ...record,
        configuration: { ...record.configuration!, changes: [{ key: 'EXTRA', change: 'added' }] },
      }
      store.memory = { ...store.memory, latest: record }
      cluster.configMaps.set('settings', { LEVEL: 'info' })
      cluster.environmentIn = () => ({ LEVEL: 'info', EXTRA: 'of the image' })
      const result = await goBack()
      expect(result.outcome).toBe('rolled-back')
      const found = result.record.phases.at(-1)?.gates.find(({ gate }) => gate === 'configuration-loaded')
      expect(found?.verdict).toBe('inconclusive')
    })

    describe('whose ConfigMap somebody else manages', () => {
      const argo = { labels: { 'argocd.argoproj.io/instance': 'pipeline' } }

      it('is put back all the same, and says first what may undo it', async () => {
        reconfigured()
        cluster.marks.set('settings', argo)
        const result = await goBack()
        expect(result.outcome).toBe('rolled-back')
        expect(cluster.configMaps.get('settings')).toEqual({ LEVEL: 'info' })
        const text = fitSummary(result.summary)
        expect(text).toMatch(
          /\*\*Do:\*\* take the change of settings in the Argo CD Application "pipeline" back as well/,
        )
        expect(text).toContain('ConfigMap settings is managed by the Argo CD Application')
        expect(text).toContain('switch its automatic sync off')
        expect(text).not.toContain('put back to its own already')
      })

      it('says that the other has put its own back, and that what was put back did not last', async () => {
        reconfigured()
        cluster.marks.set('settings', argo)
        cluster.onRestore = () => {
          cluster.configMaps.set('settings', { LEVEL: 'bad' })
        }
        const result = await goBack()
        expect(result.outcome).toBe('rollback-failed')
        expect(result.reason).toContain('The ConfigMap settings does not say any more what was applied')
        expect(fitSummary(result.summary)).toContain('It has been put back to its own already')
      })

      it('is back also where nobody can tell any more whether it lasts', async () => {
        reconfigured()
        cluster.marks.set('settings', argo)
        const read = cluster.configMap.bind(cluster)
        let proven = false
        cluster.configMap = (name) =>
          proven ? Promise.reject(new Error('the API server is away')) : read(name)
        cluster.environment = () => {
          proven = true
          return Promise.resolve(new Map([['LEVEL', textDigest('info')]]))
        }
        const result = await goBack()
        expect(result.outcome).toBe('rolled-back')
        expect(fitSummary(result.summary)).toContain('ConfigMap settings is managed by')
      })

      it('is told before, by a dry run, and not at all where the team does not want it', async () => {
        reconfigured()
        cluster.marks.set('settings', argo)
        const dry = await goBack({ dryRun: true })
        expect(dry.reason).toContain('and is managed by the Argo CD Application "pipeline"')
        // The fake has no dry run of its own.
        cluster.configMaps.set('settings', { LEVEL: 'bad' })
        const quiet = `${runbookText}gates: { ownership: { mode: off } }\n`
        const text = fitSummary((await goBack({ runbook: loadRunbook(quiet, { file: 'r' }) })).summary)
        expect(text).not.toContain('managed by')
      })
    })

    it('asks nobody about a configuration where a release is taken back', async () => {
      deployed(...names)
      const result = await goBack()
      const found = result.record.phases.at(-1)?.gates.find(({ gate }) => gate === 'configuration-loaded')
      expect(found?.verdict).toBe('skipped')
    })
  })
})
