import { describe, expect, it } from '@jest/globals'
import type { MissingDashboard } from '../metrics/dashboards.ts'
import { recordOf } from '../record/record.fixture.ts'
import { TEN_LINES } from '../runbook/example.ts'
import { loadRunbook } from '../runbook/load.ts'
import { runGates } from './gate.ts'
import { migrationsValidated } from './migrations-validated.ts'
import { monitoringReady } from './monitoring-ready.ts'
import { contextOf } from './sources.fixture.ts'

const book = (keys: string) => loadRunbook(`${TEN_LINES}${keys}`, { file: 'runbook.yaml' })
const { signal } = new AbortController()

const ask = async (
  keys: string,
  loaded: readonly string[] | undefined,
  missing?: readonly MissingDashboard[],
) => {
  const rules = () => Promise.resolve(loaded && new Set(loaded))
  const alerts = { source: 'x', firing: () => Promise.resolve([]), rules }
  const dashboards = { missing: () => Promise.resolve(missing), close: () => Promise.resolve() }
  const context = contextOf({ runbook: book(keys), alerts, dashboards })
  const [result] = await runGates([monitoringReady], context, signal)
  return result
}

describe('monitoring-ready', () => {
  const two = 'gates: { monitoring: { mode: enforce, alerts: [LagHigh, DlqGrows] } }\n'

  it.each([
    [two, ['LagHigh', 'DlqGrows', 'Other'], 'pass', '2 alert rules are loaded in Prometheus.'],
    [two, ['LagHigh'], 'fail', 'Not loaded in Prometheus: DlqGrows.'],
    [two, undefined, 'inconclusive', 'names no Prometheus'],
    ['', ['LagHigh'], 'skipped', 'names no alert rules (gates.monitoring.alerts), and no Grafana'],
  ])('%s with %j is %s', async (keys, loaded, verdict, answer) => {
    expect(await ask(keys, loaded)).toMatchObject({
      verdict,
      answer: expect.stringContaining(answer) as unknown,
    })
  })
})

describe('dashboards', () => {
  const board =
    'dashboards: { overview: "https://grafana.example/d/a", lag: "https://grafana.example/d/b" }\n'
  const gone = { name: 'lag', why: 'Grafana has none with the uid b' }
  const rules = 'gates: { monitoring: { mode: enforce, alerts: [LagHigh], grafana: {} } }\n'

  it.each([
    [board, [], 'pass', '2 dashboards are there.', '2 of 2 dashboards'],
    [board, [gone], 'warn', 'No such dashboard: lag (Grafana has none with the uid b).', '1 of 2 dashboards'],
    ['', [], 'warn', 'names no `dashboards` that Grafana could be asked for.', undefined],
    [
      rules + board,
      [gone],
      'fail',
      '1 alert rule is loaded in Prometheus. No such dashboard: lag',
      '1 of 1 alert rule, 1 of 2 dashboards',
    ],
    [
      rules + board,
      [],
      'pass',
      '1 alert rule is loaded in Prometheus. 2 dashboards are there.',
      '1 of 1 alert rule, 2 of 2 dashboards',
    ],
  ])('%s without %j is %s', async (keys, missing, verdict, answer, value) => {
    const result = await ask(keys, ['LagHigh'], missing)
    expect([result?.verdict, result?.answer, result?.value]).toEqual([
      verdict,
      expect.stringContaining(answer),
      value,
    ])
  })
})

describe('migrations-validated', () => {
  const declared =
    'migrations: { tool: alembic, job: deployments/migrate.yaml, backup: deployments/backup.yaml }\n'
  const staged = recordOf({
    staging: {
      outcome: 'passed',
      reason: 'It has soaked.',
      endedAt: '2026-11-23T09:50:00Z',
      components: [],
      run: recordOf().run,
      recordDigest: `sha256:${'a'.repeat(64)}`,
    },
  })

  it.each([
    ['', recordOf(), 'skipped', 'declares no migrations'],
    [declared, recordOf(), 'fail', 'has not passed in staging'],
    [declared, staged, 'warn', 'a person answers that in the ticket'],
  ])('%s', async (keys, record, verdict, answer) => {
    const [result] = await runGates([migrationsValidated], contextOf({ runbook: book(keys), record }), signal)
    expect(result).toMatchObject({ verdict, answer: expect.stringContaining(answer) as unknown })
  })
})
