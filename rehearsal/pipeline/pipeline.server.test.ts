import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import type { Kafka, KafkaMessage } from 'kafkajs'
import { logLevel } from 'kafkajs'
import { parseAllDocuments } from 'yaml'
import { z } from 'zod'
import type { Broker } from '../kafka/broker.ts'
import { startKafka } from '../kafka/broker.ts'
import { kafkaClient } from '../kafka/client.ts'
import { cacheFolder } from '../toolchain/cache.ts'
import type { Component } from './components.ts'
import { components } from './components.ts'
import { buildImages } from './images.ts'
import { renderManifests } from './manifests.ts'
import { topicsOf } from './topics.ts'

const cache = cacheFolder()
const namespace = 'kafka-pipeline'
const health = z.object({
  status: z.string(),
  reason: z.string().optional(),
  checks: z.record(z.string(), z.string()),
})
const config = z.object({ data: z.record(z.string(), z.string()) })

let folder: string
let kafka: Broker
let configMap: Record<string, string>
let pods: Pod[] = []

/** A service as a local process, in the place of a pod: an address of its own and the ConfigMap as its environment. */
class Pod {
  readonly name: string
  output = ''
  readonly #ip: string
  readonly #process: ChildProcess
  readonly #ended: Promise<unknown[]>

  constructor(component: Component, version = 'v1.0.0', settings: Record<string, string> = {}) {
    const number = pods.push(this)
    this.name = `${component}-${String(number)}`
    this.#ip = `127.0.9.${String(number)}`
    this.#process = spawn(process.execPath, ['service.js'], {
      cwd: join(folder, 'images', component, version),
      env: { ...configMap, ...settings, POD_IP: this.#ip, POD_NAME: this.name, POD_NAMESPACE: namespace },
    })
    for (const stream of [this.#process.stdout, this.#process.stderr])
      stream?.on('data', (text: Buffer) => {
        this.output += String(text)
      })
    this.#ended = once(this.#process, 'close')
  }

  /** The answer of /health once the service listens. */
  async health(): Promise<z.infer<typeof health> & { code: number }> {
    const response = await this.#get('/health')
    return { code: response.status, ...health.parse(await response.json()) }
  }

  async ready(): Promise<void> {
    while ((await this.health()).code !== 200) await delay(20)
  }

  /** The value of the first series of that name that carries the labels, such as `outcome="success"`. */
  async metric(name: string, labels = ''): Promise<number> {
    const text = await (await this.#get('/metrics')).text()
    return Number(new RegExp(`^${name}\\{.*${labels}.*\\} (\\S+)$`, 'm').exec(text)?.[1])
  }

  /** The exit code after SIGTERM. */
  async stop(): Promise<unknown> {
    this.#process.kill('SIGTERM')
    return this.ended()
  }

  async ended(): Promise<unknown> {
    const [code] = await this.#ended
    return code
  }

  async #get(path: string): Promise<Response> {
    for (;;)
      try {
        return await fetch(`http://${this.#ip}:8000${path}`)
      } catch (error) {
        if (this.#process.exitCode !== null)
          throw new Error(`${this.name} ended:\n${this.output}`, { cause: error })
        await delay(20)
      }
  }
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await delay(50)
}

const client = (): Kafka => kafkaClient({ brokers: kafka.brokers, logLevel: logLevel.NOTHING })

async function messageCount(topic: string): Promise<number> {
  const admin = client().admin()
  await admin.connect()
  const offsets = await admin.fetchTopicOffsets(topic)
  await admin.disconnect()
  return offsets.reduce((sum, { offset }) => sum + Number(offset), 0)
}

/** All messages that are in a topic now. */
async function messagesIn(topic: string): Promise<KafkaMessage[]> {
  const found: KafkaMessage[] = []
  const count = await messageCount(topic)
  const consumer = client().consumer({ groupId: `reader-of-${topic}`, maxWaitTimeInMs: 100 })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  await consumer.run({
    eachMessage: ({ message }) => {
      found.push(message)
      return Promise.resolve()
    },
  })
  await until(() => Promise.resolve(found.length >= count))
  await consumer.disconnect()
  return found
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pipeline-'))
  kafka = await startKafka({
    dir: join(folder, 'kafka'),
    cache,
    log: (line) => process.stdout.write(`${line}\n`),
  })
  await kafka.createTopics(topicsOf())
  await buildImages({
    dir: join(folder, 'images'),
    versions: [
      { version: 'v1.0.0' },
      { version: 'slow', faults: { [namespace]: { slowStartMs: 1000 } } },
      { version: 'failing', faults: { [namespace]: { errorRate: 0.5, logError: 'disk is full' } } },
      { version: 'unready', faults: { '*': { unready: true } } },
      { version: 'crashing', faults: { [namespace]: { crash: { value: 'out of memory', afterMs: 200 } } } },
      { version: 'elsewhere', faults: { other: { crash: 'out of memory' } } },
      { version: 'stumbling', faults: { [namespace]: { retryRate: 0.5 } } },
      { version: 'dying', faults: { [namespace]: { dlqRate: 0.5 } } },
      { version: 'refused', faults: { [namespace]: { breakerOpens: true } } },
      { version: 'slow-uploads', faults: { [namespace]: { uploadLatencyMs: 300 } } },
      { version: 'slow-work', faults: { [namespace]: { slowMs: 10_000 } } },
      { version: 'silent', faults: { [namespace]: { silent: true } } },
    ],
  })
  const [first] = parseAllDocuments(await renderManifests({ brokers: kafka.brokers }))
  configMap = config.parse(first?.toJS()).data
}, 120_000)

afterEach(async () => {
  await Promise.all(pods.map((pod) => pod.stop()))
  pods = []
})

afterAll(async () => {
  await kafka.stop()
  await rm(folder, { recursive: true })
})

describe('the pipeline', () => {
  it('takes messages from end to end, seen by its metrics and by the consumer groups', async () => {
    const [ingester, worker, processor] = components.map((component) => new Pod(component))
    if (!ingester || !worker || !processor) throw new Error('three components')
    await Promise.all(pods.map((pod) => pod.ready()))
    await until(async () => (await processor.metric('kafka_messages_consumed_total')) >= 10)

    for (const pod of pods) {
      expect(await pod.metric('kafka_messages_consumed_total')).toBeGreaterThanOrEqual(10)
      expect(await pod.metric('kafka_processing_duration_seconds_count')).toBeGreaterThanOrEqual(10)
      for (const name of ['processing_errors', 'retries', 'dlq_messages'])
        expect(await pod.metric(`kafka_${name}_total`, 'version="v1.0.0"')).toBe(0)
      expect(await pod.metric('app_info')).toBe(1)
      expect(pod.output).toMatch(/^INFO /)
      expect(pod.output).not.toMatch(/error|fatal|panic|warn/i)
    }
    expect(await worker.metric('kafka_messages_produced_total')).toBeGreaterThanOrEqual(10)
    expect(await worker.metric('downloads_total', 'outcome="success"')).toBeGreaterThanOrEqual(10)
    expect(await worker.metric('downloads_total', 'outcome="failure"')).toBe(0)
    expect(await worker.metric('onelake_upload_duration_seconds_count')).toBeGreaterThanOrEqual(10)
    expect(await worker.metric('circuit_breaker_state')).toBe(0)
    const members = await kafka.tools(
      'kafka-consumer-groups',
      '--describe',
      '--group',
      'xact-download-worker',
    )
    expect(members).toContain('pipeline.events')
    expect(members).toContain(worker.name)
  }, 60_000)

  it('goes from 503 to 200 when it has joined', async () => {
    const worker = new Pod('download-worker', 'slow')
    expect(await worker.health()).toMatchObject({ code: 503, reason: 'is connecting to Kafka' })
    await worker.ready()
    expect(await worker.health()).toMatchObject({
      status: 'ok',
      checks: { kafka: 'connected', consumer: 'member of xact-download-worker' },
    })
  }, 60_000)

  it('leaves its group and ends with 0 within 2 s of SIGTERM', async () => {
    const workers = [new Pod('download-worker'), new Pod('download-worker'), new Pod('download-worker')]
    await Promise.all(workers.map((worker) => worker.ready()))
    for (const worker of workers) {
      expect(await worker.stop()).toBe(0)
    }
    const state = await kafka.tools(
      'kafka-consumer-groups',
      '--describe',
      '--group',
      'xact-download-worker',
      '--state',
    )
    expect(state).toMatch(/ Empty +0/)
  }, 60_000)

  it('ends with 0 when SIGTERM comes before it has joined', async () => {
    const worker = new Pod('download-worker', 'slow')
    expect((await worker.health()).code).toBe(503)
    expect(await worker.stop()).toBe(0)
    expect(worker.output).not.toContain('FATAL')
  }, 60_000)

  it('commits what it has worked on: with workers that come and go, each event makes one result', async () => {
    const prefix = { KAFKA_PREFIX: 'once.' }
    await kafka.createTopics(topicsOf(prefix.KAFKA_PREFIX))
    const source = new Pod('event-ingester', 'v1.0.0', { ...prefix, EVENTS_PER_SECOND: '50' })
    for (let round = 1; round <= 3; round += 1) {
      const worker = new Pod('download-worker', 'v1.0.0', prefix)
      await until(async () => (await worker.metric('kafka_messages_consumed_total')) >= 20)
      await worker.stop()
    }
    await source.stop()
    new Pod('download-worker', 'v1.0.0', prefix)
    const events = await messageCount('once.pipeline.events')
    await until(async () => (await messageCount('once.pipeline.results')) >= events)

    const results = (await messagesIn('once.pipeline.results')).map(({ key }) => String(key))
    expect(results).toHaveLength(events)
    expect(new Set(results).size).toBe(events)
  }, 60_000)
})

describe('a version with faults', () => {
  it('fails the share of its messages, and says so', async () => {
    const ingester = new Pod('event-ingester', 'failing')
    await ingester.ready()
    await until(async () => (await ingester.metric('kafka_messages_consumed_total')) >= 10)
    const failed = await ingester.metric('kafka_processing_errors_total')
    const consumed = await ingester.metric('kafka_messages_consumed_total')
    expect(failed).toBeGreaterThanOrEqual(5)
    expect(failed).toBeLessThanOrEqual(consumed / 2 + 1)
    expect(ingester.output).toMatch(/^ERROR disk is full$/m)
    expect(ingester.output).toMatch(/^ERROR pipeline.files\/\d+ offset \d+: /m)
  }, 60_000)

  it('tries messages again, and they succeed', async () => {
    const ingester = new Pod('event-ingester', 'stumbling')
    await until(async () => (await ingester.metric('kafka_messages_consumed_total')) >= 10)
    expect(await ingester.metric('kafka_retries_total')).toBeGreaterThanOrEqual(4)
    expect(await ingester.metric('kafka_processing_errors_total')).toBe(0)
    expect(ingester.output).not.toContain('ERROR')
  }, 60_000)

  it('gives messages up after three retries: dead letters that say where they came from', async () => {
    const prefix = { KAFKA_PREFIX: 'dying.' }
    await kafka.createTopics(topicsOf(prefix.KAFKA_PREFIX))
    new Pod('event-ingester', 'v1.0.0', prefix)
    const worker = new Pod('download-worker', 'dying', prefix)
    await until(async () => (await worker.metric('kafka_dlq_messages_total')) >= 2)
    await until(async () => (await worker.metric('downloads_total', 'outcome="success"')) >= 2)
    await worker.stop()
    const dead = await messagesIn('dying.pipeline.dlq')
    expect(dead.length).toBeGreaterThanOrEqual(2)
    for (const { headers } of dead) {
      expect(String(headers?.['dlq.topic'])).toBe('dying.pipeline.events')
      expect(String(headers?.['dlq.reason'])).toBe('Error: a fault built into this version')
    }
  }, 60_000)

  it('opens its breaker, holds messages up meanwhile, and lets them go when it stops', async () => {
    const prefix = { KAFKA_PREFIX: 'refused.', BREAKER_OPEN_MS: '60000' }
    await kafka.createTopics(topicsOf(prefix.KAFKA_PREFIX))
    new Pod('event-ingester', 'v1.0.0', { ...prefix, EVENTS_PER_SECOND: '50' })
    const worker = new Pod('download-worker', 'refused', prefix)
    await until(async () => (await worker.metric('circuit_breaker_state')) === 2)
    expect((await worker.health()).code).toBe(200)
    expect(await worker.metric('downloads_total', 'outcome="success"')).toBe(0)
    expect(await worker.stop()).toBe(0)
    expect(worker.output).not.toContain('FATAL')

    // Nobody's messages are lost: the next worker finds those that the breaker held up.
    const next = new Pod('download-worker', 'v1.0.0', prefix)
    await until(async () => (await next.metric('downloads_total', 'outcome="success"')) >= 10)
  }, 60_000)

  it('uploads slowly, and stays in its group', async () => {
    new Pod('event-ingester', 'v1.0.0')
    const worker = new Pod('download-worker', 'slow-uploads')
    await until(async () => (await worker.metric('onelake_upload_duration_seconds_count')) >= 3)
    const sum = await worker.metric('onelake_upload_duration_seconds_sum')
    const count = await worker.metric('onelake_upload_duration_seconds_count')
    expect(sum / count).toBeGreaterThanOrEqual(0.3)
    expect((await worker.health()).code).toBe(200)
  }, 60_000)

  it('works longer on a message than its session lasts, and stays in its group', async () => {
    new Pod('event-ingester', 'v1.0.0')
    const worker = new Pod('download-worker', 'slow-work')
    await worker.ready()
    await until(async () => (await worker.metric('kafka_messages_consumed_total')) >= 1)
    expect((await worker.health()).code).toBe(200)
    expect(worker.output).not.toMatch(/WARN|ERROR/)
  }, 60_000)

  it('consumes nothing though it is healthy, and leaves in order', async () => {
    const ingester = new Pod('event-ingester', 'silent')
    const before = await messageCount('pipeline.files')
    await ingester.ready()
    await until(async () => (await messageCount('pipeline.files')) >= before + 20)
    expect(await ingester.metric('kafka_messages_consumed_total')).toBe(0)
    expect((await ingester.health()).code).toBe(200)
    expect(await ingester.stop()).toBe(0)
  }, 60_000)

  it('works without being ready', async () => {
    const ingester = new Pod('event-ingester', 'unready')
    await until(async () => (await ingester.metric('kafka_messages_consumed_total')) > 0)
    expect(await ingester.health()).toMatchObject({ code: 503, reason: 'is held unready by a fault' })
  }, 60_000)

  it('crashes with its message', async () => {
    const worker = new Pod('download-worker', 'crashing')
    expect(await worker.ended()).toBe(1)
    expect(worker.output).toMatch(/^out of memory$/m)
  }, 60_000)

  it('is healthy in an environment that the faults do not name', async () => {
    await new Pod('download-worker', 'elsewhere').ready()
  }, 60_000)
})

it('outlives an outage of the broker, and goes on', async () => {
  const pods = [new Pod('event-ingester'), new Pod('download-worker')]
  const [ingester, worker] = pods
  if (!ingester || !worker) throw new Error('two pods')
  await Promise.all(pods.map((pod) => pod.ready()))
  await kafka.stop()
  try {
    await until(async () => (await worker.health()).code === 503)
  } finally {
    await kafka.start()
  }
  const before = await worker.metric('kafka_messages_consumed_total')
  await until(async () => (await worker.metric('kafka_messages_consumed_total')) >= before + 10)
  await Promise.all(pods.map((pod) => pod.ready()))
}, 90_000)

it('announces nothing where there is no traffic', async () => {
  const before = await messageCount('pipeline.files')
  const ingester = new Pod('event-ingester', 'v1.0.0', { EVENTS_PER_SECOND: '0' })
  await ingester.ready()
  expect(await ingester.stop()).toBe(0)
  expect(await messageCount('pipeline.files')).toBe(before)
}, 60_000)

it('ends with the reason when it cannot reach Kafka', async () => {
  const worker = new Pod('download-worker', 'v1.0.0', { KAFKA_BROKERS: '127.0.0.1:1' })
  expect(await worker.health()).toMatchObject({ code: 503, reason: 'is connecting to Kafka' })
  expect(await worker.ended()).toBe(1)
  expect(worker.output).toMatch(/^FATAL .*127\.0\.0\.1:1/m)
}, 60_000)
