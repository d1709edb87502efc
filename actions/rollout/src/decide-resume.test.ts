import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { handedOver, type Grip, type LockState } from '@runbook-actions/shared/decide/lock.ts'
import { outcomes } from '@runbook-actions/shared/decide/outcome.ts'
import { appendPhase } from '@runbook-actions/shared/record/append.ts'
import { contenderOf } from '@runbook-actions/shared/record/contender.ts'
import { planned, recordOf } from '@runbook-actions/shared/record/record.fixture.ts'
import { phaseNames, type DeploymentRecord, type Phase } from '@runbook-actions/shared/record/schema.ts'
import { decideResume, jobEnds, type ResumeFacts } from './decide-resume.ts'

const minute = (count: number): Date => new Date(Date.UTC(2026, 10, 23, 10, count))

type End = readonly [Phase['phase'], Phase['outcome']]

/** A record whose phases ended a minute each after ten. */
function after(...ends: readonly End[]): DeploymentRecord {
  return ends.reduce(
    (record, [phase, outcome], index) =>
      appendPhase(record, {
        phase,
        outcome,
        reason: `${phase} ${outcome}`,
        startedAt: minute(index),
        endedAt: minute(index + 1),
      }),
    recordOf(),
  )
}

const approved: readonly End[] = [
  ['plan', 'passed'],
  ['preflight', 'passed'],
  ['approve', 'passed'],
]
const checked: readonly End[] = [...approved, ['re-check', 'passed']]

const { run } = recordOf()
const stranger = { id: '4712', attempt: '1', url: 'https://github.example/x/runs/4712', actor: 'marc' }
const theirs = recordOf({ id: 'kafka-pipeline/production/v1.2.0/4712-1', version: 'v1.2.0', run: stranger })

function gripOf(whose: typeof run, more: Partial<Grip> = {}): Grip {
  const { openedAt: _, ...holder } = contenderOf(recordOf(), whose)
  return {
    holder,
    acquiredAt: minute(5),
    renewedAt: minute(6),
    durationMs: 60_000,
    isBetweenJobs: false,
    ...more,
  }
}

const dead: LockState = { grip: gripOf(run) }

function decide(more: Partial<ResumeFacts>) {
  return decideResume({
    after: 'failure',
    run,
    handedOn: after(...approved),
    latest: after(...checked),
    lock: dead,
    now: minute(20),
    leaseMs: 60_000,
    ...more,
  })
}

describe('decideResume, where a machine may go on', () => {
  it.each<[string, Partial<ResumeFacts>, string]>([
    ['killed in the rollout, its lease over', {}, 'roll'],
    ['killed in the rollout, its lease not over', { now: minute(6) }, 'roll'],
    ['the runner shut down in the rollout', { latest: after(...checked, ['rollout', 'cancelled']) }, 'roll'],
    [
      'the same, and its lock kept for the next job',
      {
        latest: after(...checked, ['rollout', 'cancelled']),
        lock: handedOver({}, gripOf(run), minute(6), 600_000),
      },
      'roll',
    ],
    ['killed again after it was resumed', { latest: after(...checked, ['resume', 'passed']) }, 'roll'],
    ['frozen before, and asked again', { latest: after(...checked, ['resume', 'held']) }, 'roll'],
    ['killed after the rollout', { latest: after(...checked, ['rollout', 'passed']) }, 'go-on'],
    [
      'the runner shut down in the validation',
      { latest: after(...checked, ['rollout', 'passed'], ['validate', 'cancelled']) },
      'go-on',
    ],
    [
      'killed while it was watched',
      { latest: after(...checked, ['rollout', 'passed'], ['validate', 'passed']), lock: {} },
      'go-on',
    ],
    [
      'the last save failed: the job has handed on more',
      { handedOn: after(...checked, ['rollout', 'cancelled']) },
      'roll',
    ],
  ])('%s', (_, facts, wanted) => {
    expect(decide(facts).do).toBe(wanted)
  })

  it.each<[string, readonly End[], string]>([
    ['killed after the rollout', [['rollout', 'passed']], 'roll'],
    [
      'killed after the validation, which is asked again',
      [
        ['rollout', 'passed'],
        ['validate', 'passed'],
      ],
      'roll',
    ],
    [
      'killed while it was watched',
      [
        ['rollout', 'passed'],
        ['validate', 'passed'],
        ['critical', 'cancelled'],
      ],
      'go-on',
    ],
  ])('wakes again what was woken for the validation: %s', (_, ends, wanted) => {
    const plan = [planned('event-ingester'), planned('result-processor', { wake: { replicas: 1 } })]
    const latest = { ...after(...checked, ...ends), plan }
    expect(decide({ latest }).do).toBe(wanted)
  })

  it.each<Phase['outcome']>(['failed', 'blocked', 'held', 'triggered'])(
    'hands on what had ended as %s, also of a run that was cancelled since',
    (outcome) => {
      const ended = after(...checked, ['rollout', 'passed'], ['validate', outcome])
      for (const end of jobEnds)
        expect(decide({ after: end, latest: ended })).toMatchObject({ do: 'tell', last: { outcome } })
    },
  )
})

describe('decideResume, where a person decides', () => {
  const cancelled = 'The run was cancelled or ran into its time limit'
  it.each<[string, Partial<ResumeFacts>, object]>([
    [
      'cancelled in the rollout',
      { after: 'cancelled' },
      { outcome: 'cancelled', lock: 'ours', reason: cancelled },
    ],
    [
      'cancelled after the rollout',
      { after: 'cancelled', latest: after(...checked, ['rollout', 'passed']) },
      { outcome: 'cancelled', lock: 'ours', reason: cancelled },
    ],
    [
      'closed by a rollback',
      { lock: { ...dead, closedBefore: minute(10) } },
      { outcome: 'held', lock: 'theirs', reason: 'A rollback began at 2026-11-23 10:10 UTC' },
    ],
    [
      'asked to stop by a rollback',
      { lock: { ...dead, stop: { run: '4712', url: 'u', actor: 'olga', until: minute(30) } } },
      { outcome: 'held', lock: 'theirs', reason: 'olga asked for the lock to roll back' },
    ],
    [
      'another run holds the lock',
      { lock: { grip: gripOf(stranger, { renewedAt: minute(20) }) } },
      { outcome: 'held', lock: 'theirs', reason: 'Another run holds the lock: run 4712' },
    ],
    [
      'the lock was taken away by hand',
      { lock: {} },
      { outcome: 'held', lock: 'free', reason: 'The lock was taken from this run by hand' },
    ],
    [
      'another run has had the lock since, and died before it wrote',
      { lock: { grip: gripOf(stranger) } },
      { outcome: 'held', lock: 'free', reason: 'The lock was taken from this run by run 4712' },
    ],
    [
      'another deployment came since and is over',
      { latest: { ...theirs, phases: after(...checked, ['rollout', 'passed']).phases }, lock: {} },
      { outcome: 'held', lock: 'theirs', reason: 'production was deployed to by marc with v1.2.0' },
    ],
    [
      'another deployment came since and died',
      { latest: theirs, lock: { grip: gripOf(stranger) } },
      { outcome: 'held', lock: 'theirs', reason: 'production was deployed to by marc with v1.2.0' },
    ],
  ])('%s', (_, facts, wanted) => {
    const decision = decide(facts)
    expect(decision).toMatchObject({ do: 'freeze', ...wanted, reason: expect.any(String) as unknown })
    expect((decision as { reason: string }).reason).toContain((wanted as { reason: string }).reason)
  })

  it.each<[string, Partial<ResumeFacts>]>([
    ['the first deployment ever', { latest: undefined, lock: {} }],
    ['the lock was taken and nothing saved', { latest: theirs }],
    ['what is recorded is of before', { latest: theirs, lock: {} }],
  ])('says that nothing was begun: %s', (_, facts) => {
    expect(decide(facts)).toMatchObject({ do: 'freeze', outcome: 'failed' })
    expect(decide({ ...facts, after: 'cancelled' })).toMatchObject({ do: 'freeze', outcome: 'cancelled' })
  })
})

describe('decideResume', () => {
  const end = fc.tuple(fc.constantFrom(...phaseNames), fc.constantFrom(...outcomes))
  const records = fc.array(end, { maxLength: 8 }).map((ends) => after(...ends))
  const grips = fc
    .tuple(fc.constantFrom(run, stranger), fc.boolean(), fc.integer({ min: 0, max: 40 }))
    .map(([whose, isBetweenJobs, at]) => gripOf(whose, { isBetweenJobs, renewedAt: minute(at) }))
  const facts = fc.record({
    after: fc.constantFrom(...jobEnds),
    handedOn: records,
    latest: fc.oneof(records, fc.constant(theirs), fc.constant(undefined)),
    lock: fc.record(
      { grip: grips, closedBefore: fc.integer({ min: 0, max: 40 }).map(minute) },
      { requiredKeys: [] },
    ),
  })

  it('writes only what this run began, in its own name, and nobody has stopped', () => {
    fc.assert(
      fc.property(facts, (given) => {
        const decision = decide(given)
        if (decision.do !== 'roll') return
        expect(given.after).toBe('failure')
        expect(given.latest?.id).toBe(recordOf().id)
        expect(given.lock.grip?.holder.run).toBe(run.id)
        expect(given.lock.closedBefore === undefined || given.lock.closedBefore < minute(0)).toBe(true)
        const last = decision.record.phases.findLast(({ phase }) => phase !== 'resume')
        const inRollout: readonly unknown[] = [
          'rollout cancelled',
          ...checked.map(([phase]) => phase),
          undefined,
        ]
        expect(inRollout).toContain(last?.phase === 'rollout' ? `rollout ${last.outcome}` : last?.phase)
      }),
    )
  })
})
