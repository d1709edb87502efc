import { describe, expect, it } from '@jest/globals'
import { appendPhase } from '@runbook-actions/shared/record/append.ts'
import { recordOf } from '@runbook-actions/shared/record/record.fixture.ts'
import type { DeploymentRecord, Phase } from '@runbook-actions/shared/record/schema.ts'
import { TEN_LINES } from '@runbook-actions/shared/runbook/example.ts'
import { loadRunbook } from '@runbook-actions/shared/runbook/load.ts'
import { decideGoingBack } from './decide-going-back.ts'

const leaves = loadRunbook(TEN_LINES, { file: 'runbook.yaml' })
const goesBackOnCancel = loadRunbook(`${TEN_LINES}rollback: { on-cancel: rollback }\n`, {
  file: 'runbook.yaml',
})
const at = new Date('2026-11-23T10:00:00Z')
const snapshot = { at: at.toISOString(), deployments: [], configMaps: [], secrets: [] }
const written = recordOf({ snapshot })

function ended(
  phase: Phase['phase'],
  outcome: Phase['outcome'],
  verdict?: Phase['verdict'],
  record: DeploymentRecord = written,
): DeploymentRecord {
  const end = { phase, outcome, reason: 'because.', startedAt: at, endedAt: at }
  return appendPhase(record, { ...end, ...(verdict !== undefined && { verdict }) })
}

const rolledBack: DeploymentRecord['rollback'] = {
  target: 'the last known good release, v1.0.0',
  reason: 'critical bug',
  run: { id: '900', attempt: '1', url: 'https://github.example/runs/900', actor: 'olga' },
  at: at.toISOString(),
}

describe('decideGoingBack', () => {
  it.each<[string, DeploymentRecord, string]>([
    ['its pods did not come up', ended('rollout', 'failed', 'fail'), 'failed at rollout: because'],
    [
      'a question after the rollout failed',
      ended('validate', 'failed', 'fail'),
      'failed at validate: because',
    ],
    ['the watch saw a trigger', ended('critical', 'triggered', 'fail'), 'triggered at critical: because'],
    [
      'Kubernetes gave it up under watch',
      ended('important', 'triggered', 'pass'),
      'triggered at important: because',
    ],
  ])('goes back where %s', (_, record, reason) => {
    expect(decideGoingBack(record, record, leaves)).toMatchObject({ do: 'go-back', reason })
  })

  it.each<[string, DeploymentRecord]>([
    ['held', ended('important', 'held', 'fail')],
    ['ended by an outage of the API server', ended('rollout', 'failed', 'unknown')],
    ['cancelled', ended('rollout', 'cancelled')],
    ['frozen', ended('resume', 'held')],
    ['left without a word', ended('rollout', 'passed')],
    ['begun, and no more is known', written],
  ])('leaves to a person what was %s', (_, record) => {
    expect(decideGoingBack(record, record, leaves)).toMatchObject({ do: 'stay', outcome: 'held' })
  })

  it.each<Phase['phase']>(['rollout', 'resume', 'validate', 'critical'])(
    'goes back from a run that was cancelled during %s only where the runbook file says so',
    (phase) => {
      const record = ended(phase, 'cancelled')
      expect(decideGoingBack(record, record, leaves)).toMatchObject({ do: 'stay', outcome: 'held' })
      expect(decideGoingBack(record, record, goesBackOnCancel)).toMatchObject({
        do: 'go-back',
        cause: 'cancelled',
      })
    },
  )

  it('says that there is nothing to take back where nothing was written', () => {
    const blocked = ended('re-check', 'failed', undefined, recordOf())
    const decision = {
      do: 'stay',
      outcome: 'passed',
      reason: 'v1.1.0 has written nothing to production: there is nothing to go back from.',
    }
    for (const latest of [undefined, recordOf({ id: 'another' }), blocked])
      expect(decideGoingBack(blocked, latest, leaves)).toEqual(decision)
  })

  it('touches nothing that another run has deployed since', () => {
    const later = recordOf({ id: 'another', version: 'v1.2.0' })
    expect(decideGoingBack(ended('rollout', 'failed', 'fail'), later, leaves)).toEqual({
      do: 'stay',
      outcome: 'held',
      reason: 'production was deployed to by rosa with v1.2.0 since: what v1.1.0 left is not there any more.',
    })
  })

  it('does not go back twice, and goes on where a rollback did not come to its end', () => {
    const failed = { ...ended('rollout', 'failed', 'fail'), rollback: rolledBack }
    const done = ended('rollback', 'rolled-back', undefined, failed)
    expect(decideGoingBack(failed, done, leaves)).toEqual({
      do: 'stay',
      outcome: 'passed',
      reason: 'v1.1.0 was rolled back already, by olga: critical bug',
    })
    for (const open of [failed, ended('rollback', 'rollback-failed', undefined, failed)])
      expect(decideGoingBack(failed, open, leaves)).toMatchObject({ do: 'go-back', cause: 'failed' })
  })

  it('takes the word of the job where the cluster could not be told', () => {
    const handedOn = ended('rollout', 'failed', 'fail')
    expect(decideGoingBack(handedOn, written, leaves)).toMatchObject({ do: 'go-back', record: handedOn })
  })
})
