import { describe, expect, it } from '@jest/globals'
import { recordOf } from '../record/record.fixture.ts'
import { TEN_LINES } from '../runbook/example.ts'
import { loadRunbook } from '../runbook/load.ts'
import { runGates } from './gate.ts'
import { migrationsValidated } from './migrations-validated.ts'
import { monitoringReady } from './monitoring-ready.ts'
import { contextOf } from './sources.fixture.ts'

const book = (keys: string) => loadRunbook(`${TEN_LINES}${keys}`, { file: 'runbook.yaml' })
const { signal } = new AbortController()

describe('monitoring-ready', () => {
  const ask = async (keys: string, loaded: readonly string[] | undefined) => {
    const rules = () => Promise.resolve(loaded && new Set(loaded))
    const alerts = { source: 'x', firing: () => Promise.resolve([]), rules }
    const [result] = await runGates([monitoringReady], contextOf({ runbook: book(keys), alerts }), signal)
    return result
  }
  const two = 'gates: { monitoring: { mode: enforce, alerts: [LagHigh, DlqGrows] } }\n'

  it.each([
    [two, ['LagHigh', 'DlqGrows', 'Other'], 'pass', '2 alert rules are loaded in Prometheus.'],
    [two, ['LagHigh'], 'fail', 'Not loaded in Prometheus: DlqGrows.'],
    [two, undefined, 'inconclusive', 'names no Prometheus'],
    ['', ['LagHigh'], 'skipped', 'names no alert rules'],
  ])('%s with %j is %s', async (keys, loaded, verdict, answer) => {
    expect(await ask(keys, loaded)).toMatchObject({
      verdict,
      answer: expect.stringContaining(answer) as unknown,
    })
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
