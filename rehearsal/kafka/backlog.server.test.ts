import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { logLevel } from 'kafkajs'
import { cacheFolder } from '../toolchain/cache.ts'
import { untilDrained } from './backlog.ts'
import { startKafka, type Broker } from './broker.ts'
import { kafkaClient } from './client.ts'

describe('untilDrained', () => {
  const reader = { group: 'readers', topic: 'numbers' }
  let dir: string
  let broker: Broker
  const client = () => kafkaClient({ brokers: broker.brokers, logLevel: logLevel.NOTHING })
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'backlog-'))
    broker = await startKafka({ dir, cache: cacheFolder(), log: () => undefined })
    await broker.createTopics([{ topic: reader.topic, numPartitions: 2 }])
    const producer = client().producer()
    await producer.connect()
    for (const partition of [0, 1])
      await producer.send({
        topic: reader.topic,
        messages: Array.from({ length: 6 }, () => ({ value: 'x', partition })),
      })
    await producer.disconnect()
  }, 90_000)
  afterAll(async () => {
    await broker.stop()
    await rm(dir, { recursive: true })
  })

  it('counts every message that was never committed', async () => {
    await expect(untilDrained(broker.brokers, [reader], { most: 11, limitMs: 0 })).rejects.toThrow(
      'After 0 s, readers is 12 behind.',
    )
    await untilDrained(broker.brokers, [reader], { most: 12, limitMs: 0 })
  })

  it('waits until the group has committed enough', async () => {
    const drained = untilDrained(broker.brokers, [reader], { most: 5, limitMs: 30_000 })
    const admin = client().admin()
    await admin.connect()
    await admin.setOffsets({
      groupId: reader.group,
      topic: reader.topic,
      partitions: [{ partition: 0, offset: '6' }],
    })
    await expect(untilDrained(broker.brokers, [reader], { most: 5, limitMs: 0 })).rejects.toThrow(
      'is 6 behind',
    )
    await admin.setOffsets({
      groupId: reader.group,
      topic: reader.topic,
      partitions: [{ partition: 1, offset: '1' }],
    })
    await admin.disconnect()
    await drained
  }, 60_000)
})
