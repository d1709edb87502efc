import { expect, it } from '@jest/globals'
import { appendPhase } from '@runbook-actions/shared/record/append.ts'
import { recordOf } from '@runbook-actions/shared/record/record.fixture.ts'
import type { DeploymentRecord } from '@runbook-actions/shared/record/schema.ts'
import { logLine } from './log-line.ts'

const at = '2026-11-23T03:00:00.000Z'
const back: NonNullable<DeploymentRecord['rollback']> = {
  target: 'the last known good release, v1.0.0',
  version: 'v1.0.0',
  reason: 'critical bug',
  run: { id: '900', attempt: '1', url: 'https://github.example/runs/900', actor: 'olga' },
  at,
}
const approval = { environment: 'production-on-call', by: 'tina', comment: '', seenAt: at }

function lineOf(rollback: typeof back): string {
  const end = {
    phase: 'rollback',
    outcome: 'rolled-back',
    reason: 'Back.',
    startedAt: new Date(at),
    endedAt: new Date(at),
  } as const
  return logLine(appendPhase({ ...recordOf(), rollback }, end), false, 'Back.')
}

it('tells who went back, and who approved that where somebody was asked', () => {
  const to = 'Rolled back v1.1.0 to the last known good release, v1.0.0 (critical bug, by olga'
  expect(lineOf(back)).toContain(`${to}, https://github.example/runs/900)`)
  expect(lineOf({ ...back, approval })).toContain(`${to}, approved by tina, https://github.example/runs/900)`)
})
