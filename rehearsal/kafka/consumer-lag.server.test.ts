import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { logLevel, type Admin, type Consumer, type Kafka, type Producer, type Transaction } from 'kafkajs'
import { groupLag } from '../../packages/shared/src/decide/group-lag.ts'
import type { GroupReading } from '../../packages/shared/src/decide/group-reading.ts'
import { readFromBrokers } from '../../packages/shared/src/kafka/broker-lag.ts'
import { systemClock } from '../../packages/shared/src/ports.ts'
import { cacheFolder } from '../toolchain/cache.ts'
import { startKafka, type Broker } from './broker.ts'
import { kafkaClient } from './client.ts'
import { describedPartitions } from './group-description.ts'

const run = promisify(execFile)
const { signal } = new AbortController()
const partitionsOf = { 'many.events': 240, 'few.results': 48, 'deleted.files': 12 } as const
const groups = ['classic', 'empty', 'next-generation'] as const

/**
 * One broker with 300 partitions and three groups: a live one of the classic protocol in the middle of its work, one
 * without members, one of the new protocol. Messages were deleted, partitions were never committed, and a transaction
 * is open.
 */
describe('the lag of consumer groups, read from a broker', () => {
  let dir: string
  let broker: Broker
  let kafka: Kafka
  let admin: Admin
  const consumers: Consumer[] = []

  const read = async (...asked: string[]): Promise<ReadonlyMap<string, GroupReading>> => {
    const [host = '', port] = broker.brokers[0]?.split(':') ?? []
    const settings = {
      seeds: [{ host, port: Number(port) }],
      tls: undefined,
      login: undefined,
      connectTimeoutMs: 5_000,
      requestTimeoutMs: 10_000,
    }
    return readFromBrokers(asked, settings, systemClock, signal)
  }
  const readOne = async (group: string): Promise<GroupReading> => {
    const reading = (await read(group)).get(group)
    if (reading === undefined) throw new Error(`no reading of ${group}`)
    return reading
  }
  /** Reads until the group is as the test needs it; the test's own limit says when it never is. */
  const until = async (group: string, isSo: (reading: GroupReading) => boolean): Promise<GroupReading> => {
    for (;;) {
      const reading = await readOne(group)
      if (isSo(reading)) return reading
      await delay(100)
    }
  }

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'lag-'))
    broker = await startKafka({ dir, cache: cacheFolder(), log: () => undefined })
    await broker.createTopics(
      Object.entries(partitionsOf).map(([topic, numPartitions]) => ({ topic, numPartitions })),
    )
    kafka = kafkaClient({ clientId: 'test', brokers: broker.brokers, logLevel: logLevel.NOTHING })
    admin = kafka.admin()
    await admin.connect()
  }, 120_000)

  afterAll(async () => {
    await Promise.all(consumers.map((consumer) => consumer.disconnect()))
    await admin.disconnect()
    await broker.stop()
    await rm(dir, { recursive: true })
  }, 60_000)

  it('is the same, partition by partition, as kafka-consumer-groups says', async () => {
    const producer = kafka.producer({ transactionalId: 'open', idempotent: true, maxInFlightRequests: 1 })
    await producer.connect()
    for (const [topic, count] of Object.entries(partitionsOf)) {
      const messages = Array.from({ length: count }, (_, partition) =>
        // Another number in each partition, and none in every seventh.
        Array.from({ length: partition % 7 === 0 ? 0 : 3 + ((partition * 5) % 11) }, (__, at) => ({
          partition,
          value: String(at),
        })),
      ).flat()
      const committed = await begin(producer)
      await committed.send({ topic, messages })
      await committed.commit()
    }
    // Messages that were committed to be read, and then deleted with others that were not.
    await admin.setOffsets({
      groupId: 'empty',
      topic: 'deleted.files',
      partitions: [1, 2, 3].map((partition) => ({ partition, offset: '2' })),
    })
    await admin.deleteTopicRecords({
      topic: 'deleted.files',
      partitions: [1, 2].map((partition) => ({ partition, offset: '5' })),
    })
    await admin.setOffsets({
      groupId: 'empty',
      topic: 'few.results',
      partitions: Array.from({ length: 40 }, (_, partition) => ({
        partition,
        offset: String(partition % 7 === 0 ? 0 : partition % 3),
      })),
    })

    const classic = kafka.consumer({ groupId: 'classic' })
    consumers.push(classic)
    await classic.connect()
    await classic.subscribe({ topics: ['many.events', 'deleted.files'], fromBeginning: true })
    // Reads a few messages of each partition and then no more.
    await classic.run({
      autoCommit: false,
      eachMessage: async ({ topic, partition, message }) => {
        if (Number(message.offset) > 4) return
        const offset = String(Number(message.offset) + 1)
        await classic.commitOffsets([{ topic, partition, offset }])
      },
    })
    const stopConsuming = await broker.startTool(
      'kafka-console-consumer',
      ...['--topic', 'few.results', '--group', 'next-generation', '--from-beginning'],
      ...['--consumer-property', 'group.protocol=consumer'],
    )
    await until('next-generation', ({ state, partitions }) =>
      state === 'stable'
        ? partitions.filter(({ committed }) => committed !== undefined).length === 48
        : false,
    )
    // It commits the first five of each partition that has any left; a log ends with the mark of its transaction.
    await until('classic', ({ partitions }) =>
      partitions.every(
        ({ partition, logStart = 0, logEnd, committed }) =>
          partition % 7 === 0 || logStart > 0 || committed === Math.min(5, logEnd - 1),
      ),
    )

    // Open until the end of the test: what waits behind it must not be hidden.
    const open = await begin(producer)
    await open.send({
      topic: 'many.events',
      messages: Array.from({ length: 60 }, (_, at) => ({ partition: at % 4, value: 'open' })),
    })
    try {
      const theirs = describedPartitions(
        await broker.tools(
          'kafka-consumer-groups',
          '--describe',
          ...groups.flatMap((each) => ['--group', each]),
        ),
      )
      const ours = await read(...groups)

      expect(new Set(theirs.map(({ group }) => group))).toEqual(new Set(groups))
      expect(theirs.length).toBeGreaterThanOrEqual(240 + 12 + 43 + 48)
      const compared = theirs.map(({ group, topic, partition }) => {
        const found = ours
          .get(group)
          ?.partitions.find((each) => each.topic === topic && each.partition === partition)
        const lag = groupLag({ ...ours.get(group)!, partitions: found === undefined ? [] : [found] })
          .partitions[0]?.lag
        return { group, topic, partition, committed: found?.committed, logEnd: found?.logEnd, lag }
      })
      expect(compared).toEqual(theirs)
      // What the tool does not list has never been committed and belongs to nobody.
      const listed = new Set(theirs.map(({ group, topic, partition }) => `${group} ${topic} ${partition}`))
      const beside = [...ours.values()].flatMap(({ group, partitions }) =>
        partitions.filter(({ topic, partition }) => !listed.has(`${group} ${topic} ${partition}`)),
      )
      expect(beside.filter(({ committed, owned }) => committed !== undefined || owned === true)).toEqual([])
      expect(beside.length).toBeGreaterThan(0)

      const sums = Object.fromEntries(
        groups.map((group) => [
          group,
          theirs.filter((row) => row.group === group).reduce((sum, { lag = 0 }) => sum + lag, 0),
        ]),
      )
      expect(
        Object.fromEntries([...ours].map(([group, reading]) => [group, groupLag(reading).total])),
      ).toEqual(sums)

      expect(ours.get('classic')).toMatchObject({
        protocol: 'classic',
        state: 'stable',
        members: 1,
        unread: [],
      })
      expect(ours.get('empty')).toMatchObject({ protocol: 'classic', state: 'empty', members: 0 })
      expect(ours.get('next-generation')).toMatchObject({ protocol: 'consumer', state: 'stable', members: 1 })
      expect(groupLag(ours.get('empty')!).lost).toMatchObject([
        { topic: 'deleted.files', partition: 1, messages: 3 },
        { topic: 'deleted.files', partition: 2, messages: 3 },
      ])
      expect(groupLag(ours.get('classic')!).uncommitted.length).toBeGreaterThan(0)
    } finally {
      await open.abort()
      await producer.disconnect()
      await stopConsuming()
    }
  }, 120_000)

  it('tells a group of the new protocol without members from one that is gone', async () => {
    expect(await until('next-generation', ({ members }) => members === 0)).toMatchObject({
      protocol: 'consumer',
      state: 'empty',
    })
    expect(await readOne('never-there')).toMatchObject({
      protocol: 'unknown',
      state: 'dead',
      partitions: [],
      unread: [],
    })
  }, 60_000)

  it('knows a share group, whose lag it cannot read', async () => {
    await broker.tools('kafka-features', 'upgrade', '--feature', 'share.version=1')
    const stopSharing = await broker.startTool(
      'kafka-console-share-consumer',
      ...['--topic', 'few.results', '--group', 'shared'],
    )
    await until('shared', ({ protocol }) => protocol === 'share')
    expect(await readOne('shared')).toMatchObject({ protocol: 'share', partitions: [] })
    await stopSharing()
  }, 60_000)

  it('sees that members changed, and nothing where they did not', async () => {
    const first = await readOne('classic')
    expect((await readOne('classic')).membership).toBe(first.membership)

    const second = kafka.consumer({ groupId: 'classic' })
    consumers.push(second)
    await second.connect()
    await second.subscribe({ topics: ['many.events', 'deleted.files'], fromBeginning: true })
    await second.run({ autoCommit: false, eachMessage: () => Promise.resolve() })
    const joined = await until('classic', ({ members, state }) => members === 2 && state === 'stable')
    expect(joined.membership).not.toBe(first.membership)
    expect(joined.partitions.every(({ owned }) => owned === true)).toBe(true)
  }, 60_000)

  it('finds what was committed beyond the end of a topic that was made anew', async () => {
    const topic = 'made.anew'
    await broker.createTopics([{ topic, numPartitions: 2 }])
    await admin.setOffsets({ groupId: 'beyond', topic, partitions: [{ partition: 0, offset: '100' }] })
    expect(groupLag(await readOne('beyond'))).toMatchObject({
      total: 0,
      truncated: [{ topic, partition: 0, committed: 100, logEnd: 0 }],
    })
  }, 60_000)

  it('leaves no connection behind: the process that reads ends by itself', async () => {
    const module = JSON.stringify(join(import.meta.dirname, '../../packages/shared/src/kafka/broker-lag.ts'))
    const [host, port] = broker.brokers[0]?.split(':') ?? []
    const settings = {
      seeds: [{ host, port: Number(port) }],
      connectTimeoutMs: 5_000,
      requestTimeoutMs: 10_000,
    }
    const script = `
      const { readFromBrokers } = await import(${module})
      const clock = { now: () => new Date() }
      const { signal } = new AbortController()
      const read = await readFromBrokers(['classic'], ${JSON.stringify(settings)}, clock, signal)
      console.log(read.get('classic').partitions.length)`
    const { stdout, stderr } = await run(process.execPath, ['--input-type=module', '-e', script])
    expect(stdout.trim()).toBe('252')
    expect(stderr).not.toContain('Timeout')
  }, 30_000)
})

/** Begins a transaction; the first one of a broker waits until it has made its topic for them. */
async function begin(producer: Producer): Promise<Transaction> {
  for (;;) {
    try {
      return await producer.transaction()
    } catch (error) {
      if (!(error instanceof Error) || error.name !== 'KafkaJSGroupCoordinatorNotFound') throw error
      await delay(100)
    }
  }
}
