import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals'
import type { EachMessagePayload, Producer, ProducerRecord, RecordMetadata } from 'kafkajs'
import { z } from 'zod'
import { Registry } from './metrics.ts'
import type { Stage } from './stage.ts'
import { messageHandler } from './stage.ts'

const doubling: Stage<{ n: number }> = {
  topic: 'numbers',
  group: 'doublers',
  output: 'doubled',
  schema: z.object({ n: z.number() }),
  handle: ({ n }) => Promise.resolve(n === 0 ? undefined : { key: String(n), value: { n: 2 * n } }),
}

/** A message as kafkajs hands it over; the handler reads these of its fields. */
const payload = (value: string): EachMessagePayload =>
  ({
    topic: 'numbers',
    partition: 3,
    message: { offset: '17', value: Buffer.from(value) },
  }) as EachMessagePayload

describe('messageHandler', () => {
  let metrics: Registry
  let sent: ProducerRecord[]
  let errors: string[]
  const counted = (name: string): number =>
    Number(new RegExp(`^${name}\\{.*\\} (\\S+)$`, 'm').exec(metrics.render())?.[1])
  const handler = (send: (record: ProducerRecord) => Promise<RecordMetadata[]>, errorRate = 0) =>
    messageHandler(doubling, { producer: { send } as unknown as Producer, metrics, errorRate })
  const accept = (record: ProducerRecord): Promise<RecordMetadata[]> => {
    sent.push(record)
    return Promise.resolve([])
  }

  beforeEach(() => {
    metrics = new Registry({})
    sent = []
    errors = []
    jest.spyOn(process.stderr, 'write').mockImplementation((line) => errors.push(String(line)) > 0)
  })

  afterEach(() => {
    jest.restoreAllMocks()
  })

  it('sends what the stage makes of a message, and counts it', async () => {
    await handler(accept)(payload('{"n":4}'))
    expect(sent).toEqual([{ topic: 'doubled', messages: [{ key: '4', value: '{"n":8}' }] }])
    expect(counted('kafka_messages_consumed_total')).toBe(1)
    expect(counted('kafka_messages_produced_total')).toBe(1)
    expect(counted('kafka_processing_errors_total')).toBe(0)
    expect(counted('processing_duration_seconds_count')).toBe(1)
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
  ])('counts, logs and leaves behind a message that is %s', async (_, value) => {
    await handler(accept)(payload(value))
    expect(sent).toEqual([])
    expect(counted('kafka_messages_consumed_total')).toBe(1)
    expect(counted('kafka_processing_errors_total')).toBe(1)
    expect(errors).toEqual([expect.stringMatching(/^ERROR numbers\/3 offset 17: /)])
  })

  it('fails the share of messages that its fault says', async () => {
    const handle = handler(accept, 0.5)
    for (let n = 1; n <= 10; n += 1) await handle(payload(JSON.stringify({ n })))
    expect(counted('kafka_processing_errors_total')).toBe(5)
    expect(counted('kafka_messages_produced_total')).toBe(5)
  })

  it('throws when the broker does not take the output, so that the message is read again', async () => {
    const refuse = (): Promise<never> => Promise.reject(new Error('broker is gone'))
    await expect(handler(refuse)(payload('{"n":4}'))).rejects.toThrow('broker is gone')
    expect(counted('kafka_messages_consumed_total')).toBe(0)
    expect(counted('kafka_processing_errors_total')).toBe(0)
  })
})
