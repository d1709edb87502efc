import { describe, expect, it } from '@jest/globals'
import { FakeCluster, FakeStore, goodRelease } from '@runbook-actions/shared/cluster/cluster.fixture.ts'
import { digestA, podOf, settledComponent } from '@runbook-actions/shared/cluster/component.fixture.ts'
import { sourcesOf } from '@runbook-actions/shared/gates/sources.fixture.ts'
import { silent } from '@runbook-actions/shared/ports.ts'
import { planned, recordOf } from '@runbook-actions/shared/record/record.fixture.ts'
import { fitSummary } from '@runbook-actions/shared/report/fit-summary.ts'
import { loadRunbook } from '@runbook-actions/shared/runbook/load.ts'
import { validate } from './validate.ts'

const runbook = loadRunbook(
  `version: 1
pipeline: kafka-pipeline
environments: { production: { namespace: kafka-pipeline } }
components:
  - { deployment: event-ingester, metrics: { expect: [kafka_messages_consumed_total] } }
  - deployment: download-worker
`,
  { file: 'runbook.yaml' },
)

function setUp() {
  const cluster = new FakeCluster('event-ingester', 'download-worker')
  const store = new FakeStore()
  const deployed = goodRelease('v1.1.0', cluster).components
  const record = recordOf({ deployed, from: goodRelease('v1.0.0', cluster) })
  const ports = { sources: sourcesOf({ cluster }), store, checkWrite: () => undefined, log: silent }
  const run = (dryRun = false) =>
    validate({ runbook, record, dryRun }, { ...ports, signal: new AbortController().signal })
  const firstPod = (name: string) => cluster.states.get(name)!.pods[0]!.metadata!.name!
  return { cluster, store, record, ports, run, firstPod }
}

const verdictOf = (result: Awaited<ReturnType<typeof validate>>, gate: string) =>
  result.record.phases.at(-1)?.gates.find((entry) => entry.gate === gate)

describe('validate', () => {
  it('passes where every question has a good answer, and calls nothing good that was not watched', async () => {
    const { store, run } = setUp()
    const result = await run()
    expect(result.outcome).toBe('passed')
    expect(result.record.phases.at(-1)?.gates.map(({ gate, verdict }) => [gate, verdict])).toEqual([
      ['running-version', 'pass'],
      ['pods-healthy', 'pass'],
      ['startup-logs', 'pass'],
      ['configuration-loaded', 'skipped'],
      ['configuration-errors', 'skipped'],
      ['metrics-present', 'pass'],
      ['lag-trend', 'skipped'],
    ])
    expect(store.memory.knownGood).toBeUndefined()
    expect(store.memory.latest?.id).toBe(result.record.id)
  })

  it('fails where one pod runs other bits, whatever its tag says', async () => {
    const { cluster, store, run } = setUp()
    const state = cluster.states.get('download-worker')!
    const stranger = podOf(state.replicaSets[0]!, 'stranger', { digest: digestA })
    cluster.states.set('download-worker', { ...state, pods: [...state.pods, stranger] })
    const result = await run()
    expect(result.outcome).toBe('failed')
    expect(verdictOf(result, 'running-version')).toMatchObject({
      verdict: 'fail',
      answer: 'Pods run something else than v1.1.0: download-worker (1).',
      value: '4/5 pods',
    })
    expect(store.memory.knownGood).toBeUndefined()
  })

  it('quotes the error lines of a startup log', async () => {
    const { cluster, run, firstPod } = setUp()
    cluster.logs.set(firstPod('download-worker'), 'INFO started\nERROR no route to OneLake\n')
    const gate = verdictOf(await run(), 'startup-logs')
    expect(gate).toMatchObject({ verdict: 'fail', value: '1 of 5 lines' })
    expect(gate?.evidence).toEqual([`${firstPod('download-worker')}: ERROR no route to OneLake`])
  })

  it('fails where a pod does not answer 200 on its health endpoint', async () => {
    const { cluster, run, firstPod } = setUp()
    const sick = firstPod('event-ingester')
    cluster.answer = (pod, path) =>
      pod === sick && path === '/health'
        ? { status: 503, body: 'kafka: disconnected' }
        : { status: 200, body: 'kafka_messages_consumed_total 1' }
    const gate = verdictOf(await run(), 'pods-healthy')
    expect(gate?.answer).toBe('event-ingester: 1 of 2 pods do not answer 200 on /health.')
    expect(gate?.evidence[0]).toBe(`${sick}: GET /health: 503 kafka: disconnected`)
  })

  it('fails where an expected metric is missing', async () => {
    const { cluster, run } = setUp()
    cluster.answer = () => ({ status: 200, body: '# HELP kafka_messages_consumed_total x\nother 1\n' })
    expect(verdictOf(await run(), 'metrics-present')).toMatchObject({
      verdict: 'fail',
      answer: '2 of 4 pods do not serve their metrics.',
    })
  })

  it('is held, and not green, where something could not be measured', async () => {
    const { cluster, store, run } = setUp()
    cluster.podLog = () => Promise.reject(new Error('socket hang up'))
    const result = await run()
    expect(result.outcome).toBe('held')
    expect(verdictOf(result, 'startup-logs')?.answer).toBe('Could not be measured: socket hang up')
    expect(store.memory.knownGood).toBeUndefined()
  })

  it('has shown nothing of a component that is scaled to zero', async () => {
    const { cluster, run } = setUp()
    const state = cluster.states.get('download-worker')!
    state.deployment.spec!.replicas = 0
    cluster.states.set('download-worker', { ...state, pods: [] })
    const result = await run()
    expect(verdictOf(result, 'pods-healthy')?.verdict).toBe('inconclusive')
    expect(result.outcome).not.toBe('passed')
  })

  describe('of a component that was woken', () => {
    const waking = loadRunbook(
      `version: 1
pipeline: kafka-pipeline
environments: { production: { namespace: kafka-pipeline } }
components: [{ deployment: download-worker, wake: 1 }]
`,
      { file: 'runbook.yaml' },
    )
    const sleeper = { deployment: 'download-worker', replicas: 1 }

    async function woken() {
      const stage = setUp()
      const { cluster } = stage
      cluster.states.set('download-worker', settledComponent({ replicas: 0, generation: 1, revision: '2' }))
      const deployed = goodRelease('v1.1.0', cluster).components
      await cluster.hold(sleeper, new AbortController().signal)
      const record = recordOf({
        deployed,
        plan: [planned('download-worker', { replicas: 0, wake: { replicas: 1 } })],
      })
      const controller = new AbortController()
      const run = (dryRun = false) =>
        validate({ runbook: waking, record, dryRun }, { ...stage.ports, signal: controller.signal })
      return { ...stage, controller, run }
    }

    it('asks while it is awake, then gives it back, and says so', async () => {
      const { cluster, run } = await woken()
      cluster.onHold = () => {
        expect(cluster.held.size).toBe(1)
      }
      const result = await run()
      expect(result.outcome).toBe('passed')
      expect(verdictOf(result, 'pods-healthy')?.answer).toContain('1 pods of 1 components are Ready')
      expect(result.reason).toBe(
        'v1.1.0 is validated in production. download-worker was woken for its validation and is scaled to zero again.',
      )
      expect(cluster.held.size).toBe(0)
    })

    it('gives it back whatever the answers say', async () => {
      const { cluster, run } = await woken()
      cluster.answer = () => ({ status: 503, body: 'no' })
      expect((await run()).outcome).toBe('failed')
      expect(cluster.held.size).toBe(0)
    })

    it('is held where it cannot be given back, and names the commands', async () => {
      const { cluster, run } = await woken()
      cluster.giveBack = () => Promise.reject(new Error('forbidden'))
      const result = await run()
      expect([result.outcome, result.next]).toEqual([
        'held',
        'Give back what is held by the commands in the summary, then run the job again.',
      ])
      expect(fitSummary(result.summary)).toContain(
        'kubectl scale deployment/download-worker --replicas=0 -n kafka-pipeline',
      )
    })

    it('leaves it held where it is cancelled, and says so; a dry run gives nothing back', async () => {
      const { cluster, controller, run } = await woken()
      expect((await run(true)).outcome).toBe('passed')
      const reason = new Error('SIGINT')
      cluster.podLog = () => {
        controller.abort(reason)
        return Promise.reject(reason)
      }
      expect((await run()).reason).toContain('Held awake still: download-worker at 1 replica.')
      expect(cluster.held.size).toBe(1)
    })

    it('has shown nothing where it was given back before, and says how it is woken', async () => {
      const { cluster, run } = await woken()
      await cluster.giveBack(sleeper, new AbortController().signal)
      const result = await run()
      expect(result.outcome).toBe('held')
      expect(verdictOf(result, 'pods-healthy')?.answer).toContain('for a validation, re-run all jobs')
    })
  })

  it('remembers nothing in a dry run', async () => {
    const { store, run } = setUp()
    await run(true)
    expect(store.saved).toEqual([])
    expect(store.memory.knownGood).toBeUndefined()
  })

  it('ends as cancelled while the questions are asked, says so in the record, and marks nothing as good', async () => {
    const { cluster, store, record, ports } = setUp()
    const controller = new AbortController()
    const reason = new Error('cancelled by SIGINT')
    cluster.podLog = () => {
      controller.abort(reason)
      return Promise.reject(reason)
    }
    const result = await validate({ runbook, record, dryRun: false }, { ...ports, signal: controller.signal })
    expect(result.outcome).toBe('cancelled')
    expect(result.reason).toBe(
      'Stopped (cancelled by SIGINT): v1.1.0 is rolled out to production, and not validated.',
    )
    expect(store.memory.latest?.phases.at(-1)).toMatchObject({ phase: 'validate', outcome: 'cancelled' })
    expect(store.memory.knownGood).toBeUndefined()
  })

  it('does not speak for a release that another deployment has overtaken', async () => {
    const { store, run } = setUp()
    const later = recordOf({ id: 'kafka-pipeline/production/v1.2.0/4712-1' })
    store.memory = { latest: later, knownGood: undefined }
    await expect(run()).rejects.toThrow('was deployed to by kafka-pipeline/production/v1.2.0/4712-1 since')
    expect(store.memory).toEqual({ latest: later, knownGood: undefined })
  })
})
