import { describe, expect, it } from '@jest/globals'
import { readingOf } from '../decide/group-reading.fixture.ts'
import type { GroupReading } from '../decide/group-reading.ts'
import { UserError } from '../errors.ts'
import { fakeLag } from '../kafka/consumer-lag.fixture.ts'
import { appendPhase } from '../record/append.ts'
import type { Baseline } from '../record/gate-result.ts'
import { recordOf } from '../record/record.fixture.ts'
import type { DeploymentRecord } from '../record/schema.ts'
import { loadRunbook } from '../runbook/load.ts'
import { consumerLag } from './consumer-lag.ts'
import { runGates, type Occasion } from './gate.ts'
import { contextOf } from './sources.fixture.ts'

const begun = Date.parse('2026-11-23T10:00:00Z')
const { signal } = new AbortController()
const rolledOut = new Date(begun)

function runbookOf(groups: readonly string[], more = '') {
  const components = groups.map((group) => `  - { deployment: ${group}, consumer-group: ${group} }`)
  return loadRunbook(
    `version: 1
pipeline: kafka-pipeline
environments:
  staging: { namespace: staging, consumer-group-prefix: staging. }
  production: { namespace: production }
kafka: { brokers: ["\${KAFKA_BROKERS}"] }
components:
  - deployment: event-ingester
${components.join('\n')}
${more}`,
    { file: 'runbook.yaml' },
  )
}

interface Setting {
  readonly groups?: readonly string[]
  readonly runbook?: string
  readonly occasion?: Occasion
  readonly record?: DeploymentRecord
  readonly reading: (group: string, minute: number) => GroupReading
}

/** Asks the gate at each of the minutes after the rollout, in one process; the last answer counts. */
async function ask(setting: Setting, minutes: readonly number[] = [0]) {
  const { groups = ['xact-download-worker'], occasion = 'preflight', reading } = setting
  let now = begun
  const clock = { now: () => new Date(now) }
  const context = contextOf({
    runbook: runbookOf(groups, setting.runbook),
    record: setting.record ?? recordOf(),
    lag: fakeLag(clock, (group, at) => reading(group, (at - begun) / 60_000)),
    clock,
    occasion,
    ...(occasion !== 'preflight' && { since: rolledOut }),
  })
  const answers = []
  for (const minute of minutes) {
    now = begun + minute * 60_000
    answers.push(...(await runGates([consumerLag], context, signal)))
  }
  return answers.at(-1)!
}

const everyHalfMinute = (until: number) => Array.from({ length: 2 * until + 1 }, (_, at) => at / 2)

describe('consumer-lag before the rollout', () => {
  it('passes below the limit, with the partitions that are furthest behind', async () => {
    const answer = await ask({ reading: () => readingOf([3, 400, 0, undefined, 12, 1, 1, 1]) })
    expect(answer).toMatchObject({
      verdict: 'pass',
      answer: 'xact-download-worker is 418 messages behind.',
      value: '418 messages',
      limit: '< 5,000',
      query: 'kafka-consumer-groups --bootstrap-server $KAFKA_BROKER --group xact-download-worker --describe',
    })
    expect(answer.evidence).toEqual([
      'xact-download-worker: 418 messages in 7 partitions, 3 members, stable',
      'events/1: 400',
      'events/4: 12',
      'events/0: 3',
      'events/5: 1',
      'events/6: 1',
      'and 1 more partitions with lag',
      '1 partitions without a committed offset are not counted',
      'read from kafka at test:9092',
    ])
  })

  it('fails above it, and names the group that is', async () => {
    const answer = await ask({
      groups: ['quick', 'slow'],
      reading: (group) => readingOf(group === 'slow' ? [600, 700] : [1]),
      runbook: 'gates: { consumer-lag: { max: 1000 } }',
    })
    expect(answer).toMatchObject({
      verdict: 'fail',
      answer: 'slow is 1,300 messages behind, with a limit of 1,000.',
      value: '1,300 messages',
    })
  })

  it('only warns where the team says so, and is not asked where it says so', async () => {
    const reading = () => readingOf([6_000])
    expect((await ask({ reading, runbook: 'gates: { consumer-lag: { mode: warn } }' })).verdict).toBe('warn')
    expect((await ask({ reading, runbook: 'gates: { consumer-lag: { mode: off } }' })).verdict).toBe(
      'skipped',
    )
  })

  it('does not hold up the fix of what it finds', async () => {
    const record = recordOf({ class: 'hotfix' })
    expect((await ask({ reading: () => readingOf([6_000]), record })).verdict).toBe('warn')
  })

  it('is skipped where no component has a group', async () => {
    const answer = await ask({ groups: [], reading: () => readingOf([]) })
    expect(answer).toMatchObject({
      verdict: 'skipped',
      answer: 'No component of the runbook file has a consumer group.',
    })
  })

  it('asks for the groups by the names that they have in the environment', async () => {
    const asked: string[] = []
    await ask({
      record: recordOf({ environment: 'staging' }),
      reading: (group) => {
        asked.push(group)
        return readingOf([1])
      },
    })
    expect(new Set(asked)).toEqual(new Set(['staging.xact-download-worker']))
  })

  it('is unknown where the brokers do not answer, with what to do', async () => {
    const answer = await ask({
      reading: () => {
        throw new UserError('one:9092 refused the connection.', 'Check that the broker runs.')
      },
    })
    expect(answer).toMatchObject({
      verdict: 'unknown',
      answer: 'Could not be measured: one:9092 refused the connection.',
      evidence: ['Check that the broker runs.'],
    })
  })

  it('keeps what was normal, of all that it has read', async () => {
    const lags = new Map([
      [0, 100],
      [1, 400],
      [2, 200],
    ])
    const answer = await ask({ reading: (_, minute) => readingOf([lags.get(minute) ?? 0]) }, [0, 1, 2])
    expect(answer.baseline).toEqual({
      from: '2026-11-23T10:00:00.000Z',
      to: '2026-11-23T10:02:00.000Z',
      median: 200,
      mad: 100,
      points: 3,
      unit: 'messages',
      source: 'kafka at test:9092',
    })
  })

  it('keeps it of every group', async () => {
    const { baseline } = await ask({
      groups: ['quick', 'slow'],
      reading: (group) => readingOf([group === 'slow' ? 900 : 10]),
    })
    expect(baseline).toMatchObject({
      median: 900,
      each: { quick: { median: 10, mad: 0, points: 1 }, slow: { median: 900, mad: 0, points: 1 } },
    })
  })
})

const baseline: Baseline = {
  from: new Date(begun - 1_800_000).toISOString(),
  to: new Date(begun - 60_000).toISOString(),
  median: 300,
  mad: 50,
  points: 60,
  unit: 'messages',
  source: 'kafka at test:9092',
}
const measured = appendPhase(recordOf(), {
  phase: 'preflight',
  outcome: 'passed',
  reason: '',
  startedAt: new Date(begun - 60_000),
  endedAt: new Date(begun - 60_000),
  gates: [
    {
      gate: 'consumer-lag',
      question: '',
      verdict: 'pass',
      answer: '',
      evidence: [],
      baseline,
      at: new Date(begun - 60_000).toISOString(),
      tookMs: 1,
    },
  ],
})

/** A group that is as far behind as said, on top of messages that it has read. */
const behind = (lag: number, minute: number, read = 10_000) =>
  readingOf([], {
    partitions: [
      {
        topic: 'events',
        partition: 0,
        committed: Math.round(read * minute),
        logStart: 0,
        logEnd: Math.round(read * minute + lag),
        owned: true,
      },
    ],
  })

describe('consumer-lag in a watch', () => {
  const watch = { occasion: 'critical', record: measured } as const

  it('shows what was before, and how it went since', async () => {
    const answer = await ask(
      { ...watch, reading: (_, minute) => behind(300 + 4 * minute, minute) },
      [0, 0.5, 1],
    )
    expect(answer).toMatchObject({
      verdict: 'pass',
      before: '300 messages',
      history: {
        from: '2026-11-23T10:00:00.000Z',
        stepMs: 30_000,
        values: [300, 302, 304],
        unit: 'messages',
        limit: 5_000,
      },
    })
    expect(answer.baseline).toBeUndefined()
  })

  it('fires the runbook’s trigger where lag has grown by more than 10,000 and still grows', async () => {
    const reading = (_: string, minute: number) => behind(300 + 2_000 * minute, minute, 5_000)
    const calm = await ask({ ...watch, reading }, everyHalfMinute(4))
    expect(calm.trigger).toBeUndefined()
    const answer = await ask({ ...watch, reading }, everyHalfMinute(7))
    expect(answer).toMatchObject({
      verdict: 'fail',
      trigger:
        'xact-download-worker is 14,000 messages above normal before the deployment (300), and lag is still growing.',
    })
  })

  it('does not where the team has no such trigger', async () => {
    const reading = (_: string, minute: number) => behind(300 + 2_000 * minute, minute, 5_000)
    const answer = await ask({ ...watch, reading, runbook: 'rollback: { triggers: [] }' }, everyHalfMinute(7))
    expect(answer.verdict).toBe('fail')
    expect(answer.trigger).toBeUndefined()
  })

  it('waits while lag above the limit falls, and for more than one reading', async () => {
    const reading = (_: string, minute: number) => behind(minute < 1 ? 300 : 10_000 - 1_000 * minute, minute)
    expect(await ask({ ...watch, reading }, [0.5, 1])).toMatchObject({
      verdict: 'inconclusive',
      answer:
        'xact-download-worker is 9,000 messages behind, with a limit of 5,000; one reading alone is no trend.',
    })
    expect(await ask({ ...watch, reading }, everyHalfMinute(3))).toMatchObject({
      verdict: 'inconclusive',
      answer: 'xact-download-worker is 7,000 messages behind, with a limit of 5,000, and falling.',
    })
  })

  it('fails where lag stays above the limit', async () => {
    const reading = (_: string, minute: number) => behind(minute < 1 ? 300 : 6_000, minute)
    expect(await ask({ ...watch, reading }, everyHalfMinute(3))).toMatchObject({
      verdict: 'fail',
      answer: 'xact-download-worker is 6,000 messages behind, with a limit of 5,000, in 3 readings in a row.',
    })
  })

  it('goes on from what the record kept of a process that has ended', async () => {
    const history = {
      from: new Date(begun).toISOString(),
      stepMs: 30_000,
      values: [300, null, 310],
      unit: 'messages',
      limit: 5_000,
    }
    const record: DeploymentRecord = {
      ...measured,
      watch: {
        stage: 'critical',
        since: rolledOut.toISOString(),
        until: new Date(begun + 900_000).toISOString(),
        lookedAt: new Date(begun + 60_000).toISOString(),
        troubles: [],
        gates: [{ ...measured.phases[0]!.gates[0]!, history }],
      },
    }
    const answer = await ask({ ...watch, record, reading: (_, minute) => behind(400, minute) }, [2])
    expect(answer.history?.values).toEqual([300, null, 310, null, 400])
  })
})
