// What the gate of consumer lag says of a broker that dies while it is read, and of the same broker afterwards.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { logLevel } from 'kafkajs'
import { consumerLag } from '../../packages/shared/src/gates/consumer-lag.ts'
import { runGates } from '../../packages/shared/src/gates/gate.ts'
import { contextOf } from '../../packages/shared/src/gates/sources.fixture.ts'
import type { ConsumerLag } from '../../packages/shared/src/kafka/consumer-lag.ts'
import { openBrokerLag } from '../../packages/shared/src/kafka/open-broker-lag.ts'
import type { GateResult } from '../../packages/shared/src/record/gate-result.ts'
import type { Runbook } from '../../packages/shared/src/runbook/schema.ts'
import { loadRunbook } from '../../packages/shared/src/runbook/load.ts'
import { cacheFolder } from '../toolchain/cache.ts'
import { startKafka, type Broker } from './broker.ts'
import { kafkaClient } from './client.ts'

const { signal } = new AbortController()
const [group, topic] = ['xact-download-worker', 'pipeline.events']
/** Long enough for a reading to be on its way: the broker holds still meanwhile. */
const onItsWayMs = 300

let dir: string
let broker: Broker
let runbook: Runbook
let lag: ConsumerLag
/** Two looks within a second would be one. */
let aheadMs = 0
const clock = { now: () => new Date(Date.now() + aheadMs) }
const ask = async (): Promise<GateResult> => {
  aheadMs += 2_000
  const [result] = await runGates([consumerLag], contextOf({ runbook, lag, clock }), signal)
  return result!
}

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'broker-dies-'))
  broker = await startKafka({ dir, cache: cacheFolder(), log: () => undefined })
  await broker.createTopics([{ topic, numPartitions: 1 }])
  const kafka = kafkaClient({ clientId: 'test', brokers: broker.brokers, logLevel: logLevel.NOTHING })
  const consumer = kafka.consumer({ groupId: group })
  const producer = kafka.producer()
  await Promise.all([producer.connect(), consumer.connect()])
  await producer.send({ topic, messages: [{ value: 'x' }] })
  await consumer.subscribe({ topics: [topic], fromBeginning: true })
  const read = Promise.withResolvers<undefined>()
  await consumer.run({
    eachMessage: () => {
      read.resolve(undefined)
      return Promise.resolve()
    },
  })
  await read.promise
  await Promise.all([producer.disconnect(), consumer.disconnect()])
  runbook = loadRunbook(
    `version: 1
pipeline: kafka-pipeline
environments: { production: { namespace: production } }
kafka: { brokers: ['\${KAFKA_BROKERS}'], connect-timeout: 1s, request-timeout: 5s }
components: [{ deployment: worker, consumer-group: ${group} }]
`,
    { file: 'runbook.yaml' },
  )
  lag = openBrokerLag(runbook.kafka!, {
    environment: { KAFKA_BROKERS: broker.brokers.join(',') },
    mask: () => undefined,
    clock,
  })
})

afterAll(async () => {
  await lag.close()
  await broker.stop()
  await rm(dir, { recursive: true })
})

it('is unknown, with what is in the way, and known again with the next question', async () => {
  const before = await ask()
  expect(before).toMatchObject({ verdict: 'inconclusive', value: '0 messages' })

  process.kill(broker.pid, 'SIGSTOP')
  const asked = ask()
  await delay(onItsWayMs)
  process.kill(broker.pid, 'SIGKILL')
  const during = await asked
  expect(during.verdict).toBe('unknown')
  expect(during.answer).toMatch(
    /^Could not be measured: 127\.0\.0\.1:\d+ (refused the connection|cut the connection|hung up during \w+)\.$/,
  )
  expect(during.evidence).toEqual([expect.stringContaining('Check that the broker runs') as unknown])

  await broker.stop()
  await broker.start()
  expect(await ask()).toMatchObject({ verdict: before.verdict, value: before.value, answer: before.answer })
})
