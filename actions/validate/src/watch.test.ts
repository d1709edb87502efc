import { beforeEach, describe, expect, it } from '@jest/globals'
import { FakeCluster, FakeStore, goodRelease } from '@runbook-actions/shared/cluster/cluster.fixture.ts'
import { podOf, settledComponent } from '@runbook-actions/shared/cluster/component.fixture.ts'
import type { Answer, Gate } from '@runbook-actions/shared/gates/gate.ts'
import { sourcesOf } from '@runbook-actions/shared/gates/sources.fixture.ts'
import { UserError } from '@runbook-actions/shared/errors.ts'
import { silent } from '@runbook-actions/shared/ports.ts'
import { appendPhase } from '@runbook-actions/shared/record/append.ts'
import { recordOf } from '@runbook-actions/shared/record/record.fixture.ts'
import type { DeploymentRecord } from '@runbook-actions/shared/record/schema.ts'
import { loadRunbook } from '@runbook-actions/shared/runbook/load.ts'
import { watch } from './watch.ts'

const runbook = loadRunbook(
  `version: 1
pipeline: kafka-pipeline
environments: { staging: { namespace: s }, production: { namespace: kafka-pipeline } }
components: [{ deployment: event-ingester }, { deployment: download-worker }]
`,
  { file: 'runbook.yaml' },
)
const rolledOutAt = Date.parse('2026-11-23T10:10:00Z')
const minute = 60_000
const good: Answer = { verdict: 'pass', answer: 'It is low.', value: '0.3 %', limit: '< 1 %' }
const bad: Answer = { verdict: 'fail', answer: 'It is high.', value: '2 %', limit: '< 1 %' }
const gone: Answer = { verdict: 'unknown', answer: 'Prometheus does not answer.' }

/** Minutes since the rollout's end, whole and rest. */
type At = (minutes: number) => Answer

describe('watch', () => {
  let now: number
  let cluster: FakeCluster
  let store: FakeStore
  let told: DeploymentRecord[]
  let looks: number
  let controller: AbortController
  let record: DeploymentRecord

  beforeEach(() => {
    now = rolledOutAt + minute
    cluster = new FakeCluster('event-ingester', 'download-worker')
    cluster.onWait = (until) => {
      now = Math.max(now + 1, until.getTime())
    }
    store = new FakeStore()
    told = []
    looks = 0
    controller = new AbortController()
    const release = goodRelease('v1.1.0', cluster)
    record = appendPhase(recordOf({ deployed: release.components, from: goodRelease('v1.0.0', cluster) }), {
      phase: 'rollout',
      outcome: 'passed',
      reason: 'rolled',
      startedAt: new Date(rolledOutAt - minute),
      endedAt: new Date(rolledOutAt),
    })
  })

  const run = (answer: At, { stage = 'critical', given = record, dryRun = false } = {}) => {
    const gate: Gate = {
      name: 'error-rate',
      question: 'Error rate: Should stay < 1%',
      occasions: ['critical', 'important', 'soak'],
      measure: () => {
        looks += 1
        return answer((now - rolledOutAt) / minute)
      },
    }
    return watch(
      { runbook, record: given, stage: stage as 'critical', gates: [gate], dryRun },
      {
        sources: sourcesOf({ cluster, clock: { now: () => new Date(now) } }),
        store,
        log: silent,
        tell: (progress) => {
          told.push(progress)
          return Promise.resolve()
        },
        signal: controller.signal,
      },
    )
  }
  const last = () => store.saved.at(-1)!

  it('looks every 30 s until the time since the rollout is over, and passes', async () => {
    const result = await run(() => good)
    expect(result.outcome).toBe('passed')
    expect((now - rolledOutAt) / minute).toBe(15)
    expect(looks).toBe(29)
    expect(last().phases.at(-1)).toMatchObject({ phase: 'critical', outcome: 'passed', verdict: 'pass' })
    expect(last().watch).toBeUndefined()
    expect(store.memory.knownGood).toBeUndefined()
  })

  it('marks the release as known good after the last stage, and only then', async () => {
    await run(() => good, { stage: 'important' })
    expect((now - rolledOutAt) / minute).toBe(60)
    expect(store.memory.knownGood).toMatchObject({ version: 'v1.1.0', recordId: record.id })
  })

  it('keeps what it knows of components that were not part of the deployment', async () => {
    const deployed = record.deployed.filter(({ deployment }) => deployment === 'download-worker')
    await run(() => good, { stage: 'important', given: { ...record, deployed } })
    const known = store.memory.knownGood?.components.map(({ deployment }) => deployment)
    expect(known?.sort()).toEqual(['download-worker', 'event-ingester'])
  })

  it('ends as triggered at the look at which a trigger holds', async () => {
    const result = await run((at) => (at < 6 ? good : { ...bad, trigger: 'above 5 % for 5 min.' }))
    expect(result).toMatchObject({ outcome: 'triggered', reason: 'error-rate: above 5 % for 5 min.' })
    expect((now - rolledOutAt) / minute).toBe(6)
  })

  it('is held where a limit stays broken, with the triggers armed until then', async () => {
    const result = await run((at) => (at < 3 ? good : bad), { stage: 'important' })
    expect(result).toMatchObject({ outcome: 'held', reason: 'error-rate: It is high.' })
    expect((now - rolledOutAt) / minute).toBe(13)
    expect(store.memory.knownGood).toBeUndefined()
    const later = await run((at) => (at < 15 ? bad : { ...bad, trigger: 'too high.' }), {
      stage: 'important',
    })
    expect(later.outcome).toBe('triggered')
  })

  it('rolls nothing back for an outage of what measures, and says for how long nothing was known', async () => {
    const result = await run((at) => (at >= 4 && at < 8 ? gone : good))
    expect(result.outcome).toBe('passed')
    expect(last().phases.at(-1)?.troubles).toEqual([
      {
        gate: 'error-rate',
        kind: 'missing',
        answer: 'Prometheus does not answer.',
        since: '2026-11-23T10:14:00.000Z',
        until: '2026-11-23T10:18:00.000Z',
      },
    ])
    const summary = result.summary.map((part) => ('markdown' in part ? part.markdown : part.text)).join('\n')
    expect(summary).toContain(
      'was not known for 4 min, 10:14–10:18 UTC: Prometheus does not answer. Nothing was concluded',
    )
    expect((await run(() => gone)).outcome).toBe('held')
  })

  it('goes back on what Kubernetes says, without waiting for the next look', async () => {
    cluster.onWait = (until) => {
      now = Math.min(now + 7_000, until.getTime())
      if (now < rolledOutAt + 5 * minute) return
      const state = cluster.states.get('download-worker')!
      const crashed = podOf(state.replicaSets[0]!, 'crashed', {
        waiting: { reason: 'CrashLoopBackOff', message: 'back-off' },
        restarts: 2,
      })
      cluster.states.set('download-worker', { ...state, pods: [...state.pods, crashed] })
    }
    const result = await run(() => good)
    expect(result.outcome).toBe('triggered')
    expect(result.reason).toMatch(
      /^download-worker: Pod download-worker-new-crashed: its container crashes at every start/,
    )
    expect(now - rolledOutAt).toBeLessThan(5 * minute + 7_001)
  })

  it.each<[string, () => void, RegExp]>([
    [
      'changed the image',
      () =>
        cluster.states.set('download-worker', settledComponent({ name: 'download-worker', image: 'x:v9' })),
      /download-worker was changed to x:v9 while it was watched/,
    ],
    ['deleted it', () => cluster.states.delete('download-worker'), /download-worker was deleted while/],
  ])('is held where somebody %s: what follows is not this release', async (_, change, reason) => {
    const result = await run((at) => {
      if (at > 3) change()
      return good
    })
    expect(result).toMatchObject({ outcome: 'held' })
    expect(result.reason).toMatch(reason)
  })

  it('keeps its progress in the record, and another process goes on from it', async () => {
    await run((at) => (at >= 4 ? gone : good))
    const kept = store.saved.findLast(({ watch: progress }) => progress?.troubles.length === 1)!
    expect(kept.watch).toMatchObject({
      stage: 'critical',
      since: '2026-11-23T10:10:00.000Z',
      until: '2026-11-23T10:25:00.000Z',
    })

    store.memory = { latest: kept, knownGood: undefined }
    now = rolledOutAt + 6 * minute
    const result = await run(() => gone)
    expect(result.outcome).toBe('held')
    // The outage began at minute 4, in the process before.
    expect((now - rolledOutAt) / minute).toBe(14)
  })

  it('watches on for one hold at the least where it ended badly before', async () => {
    expect((await run(() => bad)).outcome).toBe('held')
    now = rolledOutAt + 60 * minute
    const result = await run(() => good)
    expect(result.outcome).toBe('passed')
    expect((now - rolledOutAt) / minute).toBe(70)
  })

  it('tells the ticket at most once a minute while nothing changes', async () => {
    await run(() => good)
    expect(told.length).toBeGreaterThan(10)
    expect(told.length).toBeLessThan(17)
  })

  it('goes on where the record cannot be saved for a moment, and ends where somebody else deploys', async () => {
    let refused = 0
    const save = store.save.bind(store)
    store.save = (saved) => {
      if (saved.watch !== undefined && refused++ < 3) return Promise.reject(new Error('connection reset'))
      return save(saved)
    }
    expect((await run(() => good)).outcome).toBe('passed')
    expect(refused).toBeGreaterThan(3)
    store.save = () => Promise.reject(new UserError('Somebody else deploys.'))
    await expect(run(() => good)).rejects.toThrow('Somebody else deploys.')
  })

  it('ends as cancelled with what it knew, and keeps that it was begun', async () => {
    const result = await run((at) => {
      if (at > 5) controller.abort(new Error('SIGINT'))
      return good
    })
    expect(result).toMatchObject({ outcome: 'cancelled' })
    expect(result.reason).toContain('Stopped (SIGINT)')
    expect(last().phases.at(-1)).toMatchObject({ phase: 'critical', outcome: 'cancelled' })
    expect(last().watch).toMatchObject({ stage: 'critical' })
  })

  it('looks once in a dry run and keeps nothing', async () => {
    const result = await run(() => good, { dryRun: true })
    expect(result).toMatchObject({ outcome: 'passed' })
    expect(looks).toBe(1)
    expect(store.saved).toEqual([])
  })

  it('watches nothing that was not rolled out', async () => {
    await expect(run(() => good, { given: recordOf() })).rejects.toThrow('was not rolled out')
  })
})
