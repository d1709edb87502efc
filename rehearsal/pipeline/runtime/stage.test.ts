import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals'
import type { EachMessagePayload, Producer, ProducerRecord, RecordMetadata } from 'kafkajs'
import { KafkaJSError } from 'kafkajs'
import { z } from 'zod'
import { FaultClock, faultsFile, faultsIn, type FaultsFile } from './faults.ts'
import { Registry } from './metrics.ts'
import type { Pause } from './pause.ts'
import { PermanentError } from './retry.ts'
import type { Stage } from './stage.ts'
import { messageHandler } from './stage.ts'

const ended: string[] = []
/** Doubles numbers; makes nothing of 0, fails with 13 whenever it is tried, and can never do anything with 14. */
const doubling: Stage<{ n: number }> = {
  topic: 'numbers',
  group: 'doublers',
  output: 'doubled',
  deadLetters: 'dead',
  retry: { limit: 3, backOffMs: 100 },
  schema: z.object({ n: z.number() }),
  handle: ({ n }) => {
    if (n === 13) return Promise.reject(new Error('timeout'))
    if (n === 14) return Promise.reject(new PermanentError('no such number'))
    return Promise.resolve(n === 0 ? undefined : { key: String(n), value: { n: 2 * n } })
  },
  ended: (outcome) => ended.push(outcome),
}

/** A message as kafkajs hands it over; the handler reads these of its fields. */
const payload = (value: string): EachMessagePayload =>
  ({
    topic: 'numbers',
    partition: 3,
    message: { offset: '17', key: Buffer.from('key'), value: Buffer.from(value), headers: { trace: 'abc' } },
  }) as unknown as EachMessagePayload

describe('messageHandler', () => {
  let now: number
  let metrics: Registry
  let sent: ProducerRecord[]
  let errors: string[]
  const counted = (name: string): number =>
    Number(new RegExp(`^${name}\\{.*\\} (\\S+)$`, 'm').exec(metrics.render())?.[1])
  const pauseAndPass: Pause = (ms) => {
    now += ms
    return Promise.resolve()
  }
  const handler = (
    send: (record: ProducerRecord) => Promise<RecordMetadata[]>,
    faults: FaultsFile[string] = {},
    pause = pauseAndPass,
  ) =>
    messageHandler(doubling, {
      producer: { send } as unknown as Producer,
      metrics,
      faults: new FaultClock(faultsIn(faultsFile.parse({ '*': faults }), 'production'), () => now),
      pauseOf: () => pause,
    })
  const accept = (record: ProducerRecord): Promise<RecordMetadata[]> => {
    sent.push(record)
    return Promise.resolve([])
  }
  const hundred = async (handle: (payload: EachMessagePayload) => Promise<void>): Promise<void> => {
    for (let n = 101; n <= 200; n += 1) await handle(payload(JSON.stringify({ n })))
  }

  beforeEach(() => {
    now = 0
    metrics = new Registry({ version: 'v1.0.0' })
    sent = []
    errors = []
    ended.length = 0
    jest.spyOn(process.stderr, 'write').mockImplementation((line) => errors.push(String(line)) > 0)
  })

  afterEach(() => {
    jest.restoreAllMocks()
  })

  it('counts from 0 on, before there is a message', () => {
    handler(accept)
    for (const name of ['consumed', 'produced'].map((verb) => `kafka_messages_${verb}_total`))
      expect(counted(name)).toBe(0)
    for (const name of ['kafka_processing_errors_total', 'kafka_retries_total', 'kafka_dlq_messages_total'])
      expect(counted(name)).toBe(0)
    expect(counted('kafka_processing_duration_seconds_count')).toBe(0)
    expect(metrics.render()).toContain('le="5"')
  })

  it('sends what the stage makes of a message, and counts it', async () => {
    await handler(accept)(payload('{"n":4}'))
    expect(sent).toEqual([{ topic: 'doubled', messages: [{ key: '4', value: '{"n":8}' }] }])
    expect(counted('kafka_messages_consumed_total')).toBe(1)
    expect(counted('kafka_messages_produced_total')).toBe(1)
    expect(counted('kafka_processing_errors_total')).toBe(0)
    expect(counted('kafka_processing_duration_seconds_count')).toBe(1)
    expect(ended).toEqual(['success'])
  })

  it('sends nothing when the stage makes nothing', async () => {
    await handler(accept)(payload('{"n":0}'))
    expect(sent).toEqual([])
    expect(counted('kafka_messages_consumed_total')).toBe(1)
    expect(counted('kafka_messages_produced_total')).toBe(0)
  })

  it.each([
    ['no JSON', 'x'],
    ['of another shape', '{"n":"4"}'],
    ['not to be helped', '{"n":14}'],
  ])('counts, logs and leaves behind a message that is %s', async (_, value) => {
    await handler(accept)(payload(value))
    expect(sent).toEqual([])
    expect(counted('kafka_messages_consumed_total')).toBe(1)
    expect(counted('kafka_processing_errors_total')).toBe(1)
    expect(counted('kafka_retries_total')).toBe(0)
    expect(errors).toEqual([expect.stringMatching(/^ERROR numbers\/3 offset 17: /)])
    expect(ended).toEqual(['failure'])
  })

  it('tries a message again, and makes it a dead letter in the end: one error, however many attempts', async () => {
    await handler(accept)(payload('{"n":13}'))
    expect(now).toBe(700)
    expect(sent).toEqual([
      {
        topic: 'dead',
        messages: [
          {
            key: Buffer.from('key'),
            value: Buffer.from('{"n":13}'),
            headers: {
              trace: 'abc',
              'dlq.topic': 'numbers',
              'dlq.partition': '3',
              'dlq.offset': '17',
              'dlq.reason': 'Error: timeout',
            },
          },
        ],
      },
    ])
    expect(counted('kafka_retries_total')).toBe(3)
    expect(counted('kafka_dlq_messages_total')).toBe(1)
    expect(counted('kafka_processing_errors_total')).toBe(1)
    expect(counted('kafka_messages_consumed_total')).toBe(1)
    expect(counted('kafka_processing_duration_seconds_count')).toBe(1)
    expect(errors).toEqual(['ERROR numbers/3 offset 17: Error: timeout\n'])
    expect(ended).toEqual(['failure'])
  })

  it.each([
    [{ errorRate: 0.25 }, { errors: 25, retries: 0, dead: 0, produced: 75 }],
    [{ dlqRate: 0.25 }, { errors: 25, retries: 75, dead: 25, produced: 75 }],
    [{ retryRate: 0.25 }, { errors: 0, retries: 25, dead: 0, produced: 100 }],
    [{ errorRate: { value: 0.25, afterMs: 1 } }, { errors: 0, retries: 0, dead: 0, produced: 100 }],
  ])('fails as %j says', async (faults, wanted) => {
    await hundred(handler(accept, faults))
    expect({
      errors: counted('kafka_processing_errors_total'),
      retries: counted('kafka_retries_total'),
      dead: counted('kafka_dlq_messages_total'),
      produced: counted('kafka_messages_produced_total'),
    }).toEqual(wanted)
    expect(counted('kafka_messages_consumed_total')).toBe(100)
  })

  it('takes longer by slowMs', async () => {
    await handler(accept, { slowMs: 2000 })(payload('{"n":4}'))
    expect(now).toBe(2000)
  })

  it('lets a message go that it holds while it is silent', async () => {
    const letGo = new KafkaJSError('the service stops')
    const handle = handler(accept, { silent: true }, () => Promise.reject(letGo))
    await expect(handle(payload('{"n":4}'))).rejects.toBe(letGo)
    expect(counted('kafka_messages_consumed_total')).toBe(0)
  })

  it.each(['{"n":4}', '{"n":13}'])(
    'throws when the broker does not take what comes of %s, so that the message is read again',
    async (value) => {
      const refuse = (): Promise<never> => Promise.reject(new Error('broker is gone'))
      await expect(handler(refuse)(payload(value))).rejects.toThrow('broker is gone')
      expect(counted('kafka_messages_consumed_total')).toBe(0)
      expect(counted('kafka_processing_errors_total')).toBe(0)
    },
  )
})
