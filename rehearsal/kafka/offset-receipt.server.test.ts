import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { logLevel, type Admin, type Kafka } from 'kafkajs'
import { readFromBrokers } from '../../packages/shared/src/kafka/broker-lag.ts'
import { readOffsets } from '../../packages/shared/src/kafka/read-offsets.ts'
import { systemClock } from '../../packages/shared/src/ports.ts'
import { offsetReceipt } from '../../packages/shared/src/record/offset-receipt.ts'
import type { GroupReceipt, Offsets } from '../../packages/shared/src/record/offsets.ts'
import { replayCommands } from '../../packages/shared/src/report/offset-receipt.ts'
import { cacheFolder } from '../toolchain/cache.ts'
import { startKafka, type Broker } from './broker.ts'
import { kafkaClient } from './client.ts'

const run = promisify(execFile)
const { signal } = new AbortController()
const groupId = 'xact-download-worker'
const deployment = 'download-worker'
const topics = ['downloads.requested', 'downloads.retried'] as const
const partitions = 3

/** A group that has read a part, then reads on as the consumers of a release would, and is set back by what is printed. */
describe('the receipt of what a release has committed', () => {
  let dir: string
  let broker: Broker
  let kafka: Kafka
  let admin: Admin

  const read = (): Promise<Offsets> => {
    const [host = '', port] = broker.brokers[0]?.split(':') ?? []
    const settings = {
      seeds: [{ host, port: Number(port) }],
      tls: undefined,
      login: undefined,
      connectTimeoutMs: 5_000,
      requestTimeoutMs: 10_000,
    }
    const lag = {
      source: 'kafka',
      read: (groups: readonly string[], stop: AbortSignal) =>
        readFromBrokers(groups, settings, systemClock, stop),
    }
    return readOffsets(new Map([[groupId, [deployment]]]), lag, 30_000, signal)
  }
  const committed = async (): Promise<Record<string, string[]>> => {
    const offsets = await admin.fetchOffsets({ groupId, topics: [...topics] })
    return Object.fromEntries(
      offsets.map(({ topic, partitions: each }) => [
        topic,
        each.toSorted((a, b) => a.partition - b.partition).map(({ offset }) => offset),
      ]),
    )
  }
  /** Messages in every partition but the last: 10 in the first, 20 in the second. */
  const produce = async (topic: string): Promise<void> => {
    const producer = kafka.producer()
    await producer.connect()
    const messages = [0, 1].flatMap((partition) =>
      Array.from({ length: 10 * (partition + 1) }, (_, at) => ({ partition, value: String(at) })),
    )
    await producer.send({ topic, messages })
    await producer.disconnect()
  }
  /** Reads a topic to its end, as a member of the group, and leaves. */
  const consume = async (topic: string, untilOffsets: readonly string[]): Promise<void> => {
    const consumer = kafka.consumer({ groupId })
    await consumer.connect()
    await consumer.subscribe({ topics: [topic], fromBeginning: true })
    await consumer.run({
      autoCommit: false,
      eachMessage: ({ partition, message }) =>
        consumer.commitOffsets([{ topic, partition, offset: String(Number(message.offset) + 1) }]),
    })
    while ((await committed())[topic]?.join() !== untilOffsets.join()) await delay(50)
    await consumer.disconnect()
  }

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'receipt-'))
    broker = await startKafka({ dir, cache: cacheFolder(), log: () => undefined })
    await broker.createTopics(topics.map((topic) => ({ topic, numPartitions: partitions })))
    kafka = kafkaClient({ clientId: 'test', brokers: broker.brokers, logLevel: logLevel.NOTHING })
    admin = kafka.admin()
    await admin.connect()
  }, 120_000)

  afterAll(async () => {
    await admin.disconnect()
    await broker.stop()
    await rm(dir, { recursive: true })
  }, 60_000)

  it('is exactly the difference, and its commands set exactly that back', async () => {
    const [requested, retried] = topics
    await produce(requested)
    await consume(requested, ['10', '20', '-1'])
    const before = await read()
    const stood = await committed()

    // The release: it reads on, and begins with a topic that was never read before.
    await produce(requested)
    await produce(retried)
    await consume(requested, ['20', '40', '-1'])
    await consume(retried, ['10', '20', '-1'])
    const receipt = offsetReceipt(before, await read(), new Set([deployment]))
    const [group] = receipt.groups
    expect(receipt.notKnown).toEqual([])
    expect(group?.topics).toEqual({
      [requested]: [[0, 10, 20], [1, 20, 40]], // prettier-ignore
      [retried]: [[0, -1, 10], [1, -1, 20]], // prettier-ignore
    })

    await runAsPrinted(group!)
    expect(await committed()).toEqual({ ...stood, [retried]: ['10', '20', '-1'] })
    expect(offsetReceipt(before, await read(), new Set([deployment])).groups[0]?.topics).toEqual({
      [retried]: group?.topics[retried],
    })
  }, 120_000)

  it('is refused by the broker while the group has members: they are stopped first', async () => {
    const [requested] = topics
    const before = await read()
    await produce(requested)
    const consumer = kafka.consumer({ groupId })
    await consumer.connect()
    await consumer.subscribe({ topics: [requested], fromBeginning: true })
    await consumer.run({ eachMessage: () => Promise.resolve() })
    try {
      while ((await committed())[requested]?.join() !== '30,60,-1') await delay(50)
      const [group] = offsetReceipt(before, await read(), new Set([deployment])).groups
      expect(await runAsPrinted(group!)).toContain('inactive')
      expect((await committed())[requested]).toEqual(['30', '60', '-1'])
    } finally {
      await consumer.disconnect()
    }
  }, 120_000)

  /** In a shell, as somebody pastes it; kubectl does nothing there, the tool is that of this Kafka. */
  async function runAsPrinted(group: GroupReceipt): Promise<string> {
    const tool = broker
      .toolCommand('kafka-consumer-groups')
      .map((word) => `'${word}'`)
      .join(' ')
    const script = join(dir, 'replay.sh')
    const functions = `kafka-consumer-groups() { ${tool} "$@" 2>&1; }\nkubectl() { :; }\n`
    await writeFile(script, `${functions}${replayCommands(group, { namespace: 'kafka-pipeline' })}\n`)
    const env = { ...process.env, KAFKA_BROKER: broker.brokers[0] }
    return (await run('bash', [script], { cwd: dir, env })).stdout
  }
})
