import { describe, expect, it } from '@jest/globals'
import { FakeCluster, FakeStore, goodRelease } from '@runbook-actions/shared/cluster/cluster.fixture.ts'
import { systemClock } from '@runbook-actions/shared/ports.ts'
import { recordOf } from '@runbook-actions/shared/record/record.fixture.ts'
import { fitSummary } from '@runbook-actions/shared/report/fit-summary.ts'
import { TEN_LINES } from '@runbook-actions/shared/runbook/example.ts'
import { loadRunbook } from '@runbook-actions/shared/runbook/load.ts'
import { planConfigurationChange, shownValue } from './plan-configuration.ts'

const runbook = loadRunbook(`${TEN_LINES}config: { config-map: settings }\n`, { file: 'runbook.yaml' })

function setUp(running: Record<string, string> = { LEVEL: 'info', DB_PASSWORD: 'hunter2' }) {
  const cluster = new FakeCluster('event-ingester', 'download-worker', 'result-processor')
  cluster.configMaps.set('settings', running)
  for (const [name, state] of cluster.states) {
    const spec = structuredClone(state.deployment.spec!)
    spec.template.spec!.containers[0]!.envFrom = [{ configMapRef: { name: 'settings' } }]
    cluster.states.set(name, { ...state, deployment: { ...state.deployment, spec } })
  }
  const store = new FakeStore()
  store.memory = { latest: undefined, knownGood: goodRelease('v1.0.0', cluster) }
  const plan = (values: Record<string, string>) =>
    planConfigurationChange(
      runbook,
      { environment: 'production', source: { values }, commit: 'c', run: recordOf().run },
      {
        cluster,
        store,
        calendar: () => Promise.reject(new Error('no calendar is needed')),
        clock: systemClock,
        redact: (text) => text.replaceAll('masked', '***'),
        signal: new AbortController().signal,
      },
    )
  return { cluster, plan }
}

describe('the plan of a configuration change', () => {
  it('shows the approver what changes, and hides what looks secret', async () => {
    const { cluster, plan } = setUp()
    const result = await plan({ LEVEL: 'debug', DB_PASSWORD: 'hunter3' })
    expect(result).toMatchObject({ outcome: 'passed', isNeeded: true })
    const text = fitSummary(result.summary)
    expect(text).toContain('A new configuration for v1.0.0 on production')
    expect(text).toMatch(/LEVEL.*changed.*info.*debug/)
    expect(text).toMatch(/DB_PASSWORD.*hidden.*hidden/)
    expect(JSON.stringify(result)).not.toMatch(/hunter/)
    expect(cluster.writes).toEqual([])
  })

  it('says that nothing changes', async () => {
    const result = await setUp().plan({ LEVEL: 'info' })
    expect(result).toMatchObject({ outcome: 'passed', isNeeded: false })
    expect(fitSummary(result.summary)).toContain('production has this configuration already')
  })

  it('refuses a ConfigMap that is not there', async () => {
    const { cluster, plan } = setUp()
    cluster.configMaps.clear()
    await expect(plan({})).rejects.toThrow('There is no ConfigMap settings')
  })
})

describe('shownValue', () => {
  it.each([
    ['LEVEL', 'debug', '`debug`'],
    ['KAFKA_BROKERS', 'kafka.internal:9092', '`kafka.internal:9092`'],
    ['EMPTY', '', 'empty'],
    ['FILE', 'a\nb', '2 lines'],
    ['GONE', undefined, '–'],
    ['API_TOKEN', 'x', 'hidden'],
    ['JAAS', 'password="x"', 'hidden'],
    ['LOGIN', 'user required; a=b password="x"', 'hidden'],
    ['URL', 'https://user:hunter2@host/', 'hidden'],
    ['OTHER', 'is masked', 'hidden'],
  ])('%s', (key, value, shown) => {
    expect(shownValue(key, value, (text) => text.replaceAll('masked', '***'))).toBe(shown)
  })
})
