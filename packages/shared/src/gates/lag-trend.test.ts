import { describe, expect, it } from '@jest/globals'
import { readingOf } from '../decide/group-reading.fixture.ts'
import type { GroupReading } from '../decide/group-reading.ts'
import { UserError } from '../errors.ts'
import { fakeLag } from '../kafka/consumer-lag.fixture.ts'
import { recordOf } from '../record/record.fixture.ts'
import { loadRunbook } from '../runbook/load.ts'
import { TEN_LINES } from '../runbook/example.ts'
import { runGates } from './gate.ts'
import { lagTrendGate } from './lag-trend.ts'
import { contextOf } from './sources.fixture.ts'

const begun = Date.parse('2026-11-23T10:00:00Z')

/** Asks once after the rollout; waiting lets the minutes pass, and so does what a first reading needs. */
async function askOnce(
  readingAt: (minute: number) => GroupReading,
  { file = TEN_LINES, firstReadingMs = 0 } = {},
) {
  let now = begun
  const clock = { now: () => new Date(now) }
  const minutes: number[] = []
  let untilFirst = firstReadingMs
  const reader = {
    now() {
      now += untilFirst
      untilFirst = 0
      return clock.now()
    },
  }
  const gate = lagTrendGate((ms) => {
    now += ms
    return Promise.resolve()
  })
  const context = contextOf({
    runbook: loadRunbook(file, { file: 'runbook.yaml' }),
    record: recordOf(),
    lag: fakeLag(reader, (_, at) => {
      minutes.push((at - begun) / 60_000)
      return readingAt((at - begun) / 60_000)
    }),
    clock,
    occasion: 'post-deploy',
    since: new Date(begun),
  })
  const [answer] = await runGates([gate], context, new AbortController().signal)
  return { answer: answer!, minutes }
}

/** A live group that has read so much, and is so far behind. */
function group(minute: number, { lag = 100, read = 1_000 * minute, members = 'a' } = {}): GroupReading {
  const committed = Math.round(read)
  return readingOf([], {
    membership: members,
    partitions: [
      {
        topic: 'events',
        partition: 0,
        committed,
        logStart: 0,
        logEnd: Math.round(committed + lag),
        owned: true,
      },
    ],
  })
}

const seconds = 'gates: { consumer-lag: { every: 1s, trend: 5s, rebalance-cap: 2s } }\n'

describe('lag-trend, asked once', () => {
  it('reads every half minute for five minutes', async () => {
    const { answer, minutes } = await askOnce((minute) => group(minute))
    expect(minutes).toEqual([0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5])
    expect(answer).toMatchObject({
      verdict: 'pass',
      answer: 'xact-download-worker is 100 messages behind, and that is stable.',
      value: '100 messages',
      limit: 'stable or falling',
    })
    expect(answer.history?.values).toHaveLength(11)
  })

  it('passes while what the rollout left behind drains', async () => {
    const { answer } = await askOnce((minute) => group(minute, { lag: 4_000 - 500 * minute }))
    expect(answer).toMatchObject({
      verdict: 'pass',
      answer: 'xact-download-worker is draining: 1,500 messages behind, gone in about 3 min at this rate.',
    })
  })

  it('fails where lag grows, and says how fast', async () => {
    const { answer } = await askOnce((minute) => group(minute, { lag: 300 + 200 * minute }))
    expect(answer.verdict).toBe('fail')
    expect(answer.answer).toMatch(
      /^The lag of xact-download-worker grows: 1,[45]00 messages behind, 200 more each minute\./,
    )
  })

  it('says what is only a burst that ends is none', async () => {
    const lag = (minute: number) => (minute < 2.5 ? 300 : minute <= 5 ? 300 + 300 * (minute - 2.5) : 200)
    const { answer, minutes } = await askOnce((minute) => group(minute, { lag: lag(minute) }))
    expect(answer.verdict).toBe('pass')
    expect(minutes.at(-1)).toBeGreaterThan(5)
  })

  it('fails where nothing is committed, however flat the lag is', async () => {
    const { answer } = await askOnce(() => group(0, { lag: 4_600 }))
    expect(answer).toMatchObject({
      verdict: 'fail',
      answer:
        'xact-download-worker has committed nothing in all its partitions for 5 min, and 4,600 messages wait there.',
    })
  })

  it('fails where members come and go all the time', async () => {
    const { answer } = await askOnce((minute) => group(minute, { members: String(Math.floor(minute)) }))
    expect(answer.verdict).toBe('fail')
    expect(answer.answer).toBe(
      'The members of xact-download-worker changed 5 times within 5 min: it does not get to work.',
    )
  })

  it('takes a broker that is away for a moment for a missing reading', async () => {
    const { answer } = await askOnce((minute) => {
      if (minute === 1 || minute === 5) throw new UserError('one:9092 refused the connection.')
      return group(minute)
    })
    expect(answer.verdict).toBe('pass')
  })

  it('is unknown where the brokers stay away', async () => {
    const { answer, minutes } = await askOnce(() => {
      throw new UserError('one:9092 refused the connection.')
    })
    expect(answer).toMatchObject({
      verdict: 'unknown',
      answer: 'Could not be measured: one:9092 refused the connection.',
    })
    expect(minutes.at(-1)).toBe(10)
  })

  it.each([
    [readingOf([7], { members: 0, state: 'empty' }), 'fail', /has no members/],
    [readingOf([undefined]), 'inconclusive', /has never committed an offset/],
    [readingOf([], { protocol: 'share', members: undefined }), 'unknown', /share groups is not supported/],
  ])('says of %# what the reading alone shows', async (reading, verdict, answer) => {
    expect((await askOnce(() => reading)).answer).toMatchObject({
      verdict,
      answer: expect.stringMatching(answer) as unknown,
    })
  })

  it('takes its times from the runbook file', async () => {
    const { minutes } = await askOnce((minute) => group(minute), { file: `${TEN_LINES}${seconds}` })
    expect(minutes.map((minute) => Math.round(60 * minute))).toEqual([0, 1, 2, 3, 4, 5])
  })

  it('begins with the first reading where a Job has to start for it', async () => {
    const file = `${TEN_LINES.replace('kafka: {', 'kafka: { source: job, job: { secrets: { KAFKA_BROKERS: access/brokers } },')}${seconds}`
    const { answer, minutes } = await askOnce((minute) => group(minute), { file, firstReadingMs: 8_000 })
    expect(answer.verdict).toBe('pass')
    expect(minutes.map((minute) => Math.round(600 * minute) / 10)).toEqual([8, 9.5, 10.5, 11.5, 12.5, 13.5])
  })

  it('is skipped where no component has a group', async () => {
    const runbook = loadRunbook(TEN_LINES.replace(', consumer-group: xact-download-worker', ''), {
      file: 'r',
    })
    const context = contextOf({ runbook, occasion: 'post-deploy' })
    const [answer] = await runGates(
      [lagTrendGate(() => Promise.resolve())],
      context,
      new AbortController().signal,
    )
    expect(answer?.verdict).toBe('skipped')
  })
})
