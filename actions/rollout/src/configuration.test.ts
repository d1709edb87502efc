import { beforeEach, describe, expect, it } from '@jest/globals'
import { FakeCluster, FakeStore, goodRelease } from '@runbook-actions/shared/cluster/cluster.fixture.ts'
import { planConfiguration } from '@runbook-actions/shared/cluster/configuration/plan-configuration.ts'
import type { ConfigurationSource } from '@runbook-actions/shared/cluster/configuration/source.ts'
import { sourcesOf } from '@runbook-actions/shared/gates/sources.fixture.ts'
import { silent } from '@runbook-actions/shared/ports.ts'
import { recordOf } from '@runbook-actions/shared/record/record.fixture.ts'
import type { DeploymentRecord } from '@runbook-actions/shared/record/schema.ts'
import { fitSummary } from '@runbook-actions/shared/report/fit-summary.ts'
import { TEN_LINES } from '@runbook-actions/shared/runbook/example.ts'
import { loadRunbook } from '@runbook-actions/shared/runbook/load.ts'
import { rollout } from './rollout.ts'

const names = ['event-ingester', 'download-worker', 'result-processor']
const runbook = loadRunbook(
  `${TEN_LINES}window: { hours: "Mon-Sun 00:00-24:00", avoid: [] }\nconfig: { config-map: settings }\n`,
  { file: 'runbook.yaml' },
)
const limits = {
  deadlineMs: 600_000,
  settleMs: 1_000,
  imagePullMs: 42_000,
  unschedulableMs: 120_000,
  restarts: 2,
}
const before = { LEVEL: 'info', KAFKA_BROKERS: 'a:9092' }
const after = { LEVEL: 'debug', KAFKA_BROKERS: 'a:9092' }

describe('a configuration change', () => {
  let cluster: FakeCluster
  let store: FakeStore
  let controller: AbortController
  let record: DeploymentRecord
  let now: number
  const clock = { now: () => new Date((now += 1_000)) }

  beforeEach(() => {
    now = Date.parse('2026-11-23T10:00:00Z')
    cluster = new FakeCluster(...names)
    cluster.configMaps.set('settings', before)
    for (const [name, state] of cluster.states) {
      const spec = structuredClone(state.deployment.spec!)
      spec.template.spec!.containers[0]!.envFrom = [{ configMapRef: { name: 'settings' } }]
      cluster.states.set(name, { ...state, deployment: { ...state.deployment, spec } })
    }
    store = new FakeStore()
    store.memory = { latest: undefined, knownGood: goodRelease('v1.0.0', cluster) }
    controller = new AbortController()
    record = planned()
  })

  const planned = (source: ConfigurationSource = { values: { LEVEL: 'debug' } }) =>
    planConfiguration(
      runbook,
      { environment: 'production', source, commit: 'c'.repeat(40), run: recordOf().run },
      store.memory,
      cluster.states,
      cluster.configMaps.get('settings')!,
      clock.now(),
    ).record

  const run = (values: Record<string, string> = { LEVEL: 'debug' }, dryRun = false) =>
    rollout(
      { runbook, record, configuration: { values }, limits, dryRun },
      {
        cluster,
        store,
        lag: sourcesOf().lag,
        checkWrite: () => undefined,
        clock,
        log: silent,
        signal: controller.signal,
      },
    )

  it('keeps a copy of the old one, then writes the new one, then restarts in order', async () => {
    let kept: unknown
    let restartedBefore: number | undefined
    cluster.onConfigMap = () => {
      const copy = store.saved.at(-1)?.snapshot?.configMaps.find(({ name }) => name === 'settings')?.copy
      kept = cluster.configMaps.get(copy ?? '')
      restartedBefore = cluster.writes.length
    }
    const result = await run()
    expect(result.outcome).toBe('passed')
    expect(kept).toEqual(before)
    expect(restartedBefore).toBe(0)
    expect(cluster.configMaps.get('settings')).toEqual(after)
    expect(cluster.writes.map(({ deployment, restartedAt }) => [deployment, restartedAt])).toEqual(
      names.map((name) => [name, record.openedAt]),
    )
    expect(fitSummary(result.summary)).toContain(
      'v1.0.0 with a new configuration is rolled out to production',
    )
  })

  it('killed between the ConfigMap and the restarts, the next attempt restarts and knows what was before', async () => {
    cluster.onConfigMap = () => {
      throw new Error('killed')
    }
    await run()
    expect(cluster.writes).toEqual([])
    expect(cluster.configMaps.get('settings')).toEqual(after)
    cluster.onConfigMap = () => undefined
    const result = await run()
    expect(result.outcome).toBe('passed')
    expect(cluster.writes.map(({ deployment }) => deployment)).toEqual(names)
    const copy = result.record.snapshot?.configMaps[0]?.copy ?? ''
    expect(cluster.configMaps.get(copy)).toEqual(before)
  })

  it('killed half-way, it restarts only what was not restarted; a new run knows the same state before', async () => {
    cluster.onWrite = ({ deployment }) => {
      if (deployment === 'download-worker') throw new Error('killed')
    }
    await run()
    cluster.onWrite = () => undefined
    expect((await run()).outcome).toBe('passed')
    expect(cluster.writes.map(({ deployment }) => deployment)).toEqual(names)

    record = planned()
    expect(record.configuration?.changes).toEqual([{ key: 'LEVEL', change: 'changed' }])
    const anew = await run()
    const copy = anew.record.snapshot?.configMaps[0]?.copy ?? ''
    expect(cluster.configMaps.get(copy)).toEqual(before)
  })

  it('keeps anew what it finds after one that was taken back', async () => {
    await run()
    const { latest } = store.memory
    const at = clock.now().toISOString()
    const ended = { phase: 'rollback' as const, outcome: 'rolled-back' as const, reason: '', gates: [] }
    store.memory = {
      ...store.memory,
      latest: { ...latest!, phases: [...latest!.phases, { ...ended, startedAt: at, endedAt: at }] },
    }
    record = planned({ values: { LEVEL: 'trace' } })
    const result = await run({ LEVEL: 'trace' })
    const copy = result.record.snapshot?.configMaps[0]?.copy ?? ''
    expect(cluster.configMaps.get(copy)).toEqual(after)
  })

  it('does nothing a second time', async () => {
    await run()
    const again = await run()
    expect(again.outcome).toBe('passed')
    expect(cluster.writes).toHaveLength(names.length)
  })

  it('writes nothing where somebody changed the ConfigMap since the plan, or other values are given', async () => {
    const other = await run({ LEVEL: 'trace' })
    expect(other).toMatchObject({ outcome: 'failed' })
    expect(other.reason).toContain('not what was planned and approved')
    cluster.configMaps.set('settings', { ...before, LEVEL: 'warn' })
    const changed = await run()
    expect(changed.reason).toContain('changed by somebody else since the plan')
    expect(cluster.writes).toEqual([])
  })

  it('tells the way back by hand: the ConfigMap first', async () => {
    cluster.onWrite = ({ deployment }) => {
      if (deployment === 'download-worker') throw new Error('killed')
    }
    const result = await run()
    expect(fitSummary(result.summary)).toMatch(
      /kubectl get configmap settings-\S+ [\s\S]* kubectl replace [\s\S]*rollout undo deployment\/event-ingester/,
    )
  })
})
