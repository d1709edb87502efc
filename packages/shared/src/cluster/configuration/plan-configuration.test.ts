import { describe, expect, it } from '@jest/globals'
import { recordOf } from '../../record/record.fixture.ts'
import type { DeploymentRecord } from '../../record/schema.ts'
import type { Memory } from '../../record/store.ts'
import { TEN_LINES } from '../../runbook/example.ts'
import { loadRunbook } from '../../runbook/load.ts'
import { FakeCluster, goodRelease } from '../cluster.fixture.ts'
import { digestB } from '../component.fixture.ts'
import type { ComponentState, Deployment } from '../component.ts'
import { dataDigest, type Data } from './content-digest.ts'
import { planConfiguration } from './plan-configuration.ts'
import type { ConfigurationSource } from './source.ts'

const now = new Date('2026-11-23T10:00:00Z')
const running = { KAFKA_BROKERS: 'a:9092', LEVEL: 'info', OLD: '1' }
const runbook = loadRunbook(`${TEN_LINES}config: { config-map: settings }\n`, { file: 'runbook.yaml' })
const wantedInFile = { KAFKA_BROKERS: 'b:9092', LEVEL: 'info', NEW: '1' }
const file: ConfigurationSource = {
  file: 'config/app.yaml',
  data: wantedInFile,
}

type PodSpec = NonNullable<NonNullable<Deployment['spec']>['template']['spec']>

function using(state: ComponentState, configMap: string): ComponentState {
  const spec = structuredClone(state.deployment.spec!)
  spec.template.spec!.containers[0]!.envFrom = [{ configMapRef: { name: configMap } }]
  return { ...state, deployment: { ...state.deployment, spec } }
}

function setUp() {
  const cluster = new FakeCluster('event-ingester', 'download-worker', 'result-processor')
  for (const [name, state] of cluster.states)
    cluster.states.set(name, using(state, name === 'download-worker' ? 'another' : 'settings'))
  const memory: Memory = { latest: undefined, knownGood: goodRelease('v1.0.0', cluster) }
  const plan = (source: ConfigurationSource, given: Partial<Memory> = {}, data: Data = running) =>
    planConfiguration(
      runbook,
      { environment: 'production', source, commit: 'f'.repeat(40), run: recordOf().run },
      { ...memory, ...given },
      cluster.states,
      data,
      now,
    )
  return { cluster, memory, plan }
}

describe('planConfiguration', () => {
  it('names the keys and restarts the components that use the ConfigMap, in their order, on what they run', () => {
    const { record, isNeeded } = setUp().plan(file)
    expect(isNeeded).toBe(true)
    expect(record).toMatchObject({
      version: 'v1.0.0',
      commit: 'f'.repeat(40),
      class: 'configuration',
      approval: 'production-team-lead',
      configuration: {
        configMap: 'settings',
        file: 'config/app.yaml',
        changes: [
          { key: 'KAFKA_BROKERS', change: 'changed' },
          { key: 'NEW', change: 'added' },
          { key: 'OLD', change: 'removed' },
        ],
        before: dataDigest(running),
      },
    })
    expect(record.plan.map(({ deployment, to, restartedAt }) => [deployment, to, restartedAt])).toEqual(
      ['event-ingester', 'result-processor'].map((name) => [
        name,
        `registry.local/${name}:v1.0.0@${digestB}`,
        now.toISOString(),
      ]),
    )
    expect(JSON.stringify(record)).not.toContain('9092')
  })

  it.each<[string, NonNullable<PodSpec['volumes']>[number]]>([
    ['a volume', { name: 'v', configMap: { name: 'settings' } }],
    ['a projected volume', { name: 'v', projected: { sources: [{ configMap: { name: 'settings' } }] } }],
  ])('restarts a component that reads it by %s alone', (_, volume) => {
    const { cluster, plan } = setUp()
    const state = cluster.states.get('download-worker')!
    const spec = structuredClone(state.deployment.spec!)
    spec.template.spec!.volumes = [volume]
    cluster.states.set('download-worker', { ...state, deployment: { ...state.deployment, spec } })
    expect(plan(file).record.plan.map(({ deployment }) => deployment)).toContain('download-worker')
  })

  it('takes values that are given over what the ConfigMap says, and asks about the commit that runs', () => {
    const { record } = setUp().plan({ values: { LEVEL: 'debug' } })
    expect(record.configuration.changes).toEqual([{ key: 'LEVEL', change: 'changed' }])
    expect(record.configuration.after).toBe(dataDigest({ ...running, LEVEL: 'debug' }))
    expect(record.commit).toBe('c0ffee')
  })

  it('has nothing to do where the ConfigMap says so already', () => {
    expect(setUp().plan({ values: { LEVEL: 'info' } }).isNeeded).toBe(false)
  })

  describe('where a run before this one wrote the ConfigMap and did not live to restart', () => {
    const { plan } = setUp()
    const { record: begun } = plan(file)
    const latest = (more: Partial<DeploymentRecord> = {}) => ({ ...begun, ...more })
    const phase = (outcome: 'passed' | 'failed' | 'rolled-back', name: 'rollout' | 'rollback') => ({
      phase: name,
      outcome,
      reason: '',
      startedAt: now.toISOString(),
      endedAt: now.toISOString(),
      gates: [],
    })

    it.each([
      ['nothing told', latest(), true],
      ['it failed', latest({ phases: [phase('failed', 'rollout')] }), true],
      ['it was rolled back', latest({ phases: [phase('rolled-back', 'rollback')] }), false],
    ])('it goes on: %s', (_, before, isNeeded) => {
      const again = plan(file, { latest: before }, wantedInFile)
      expect(again.isNeeded).toBe(isNeeded)
      if (isNeeded) expect(again.record.configuration).toEqual(begun.configuration)
    })
  })

  it.each([
    ['no ConfigMap in the runbook file', loadRunbook(TEN_LINES, { file: 'r' }), {}, /names no ConfigMap/],
    [
      'no component that uses it',
      loadRunbook(`${TEN_LINES}config: { config-map: x }\n`, { file: 'r' }),
      {},
      /uses the ConfigMap x/,
    ],
    ['no record of what runs', runbook, { knownGood: undefined }, /No record says which version runs/],
  ])('refuses %s', (_, file, given, message) => {
    const { cluster, memory } = setUp()
    const request = { environment: 'production', source: { values: {} }, commit: 'x', run: recordOf().run }
    expect(() =>
      planConfiguration(file, request, { ...memory, ...given }, cluster.states, running, now),
    ).toThrow(message)
  })

  it('refuses where something else runs than the record says: its restart would be a deployment', () => {
    const { memory, plan } = setUp()
    const components = memory.knownGood!.components.map((each) => ({
      ...each,
      digest: `sha256:${'0'.repeat(64)}`,
    }))
    expect(() => plan(file, { knownGood: { ...memory.knownGood!, components } })).toThrow(
      /does not run what its record says/,
    )
  })
})
