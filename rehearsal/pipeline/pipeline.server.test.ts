import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import type { Kafka } from 'kafkajs'
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

  async metric(name: string): Promise<number> {
    const text = await (await this.#get('/metrics')).text()
    return Number(new RegExp(`^${name}\\{.*\\} (\\S+)$`, 'm').exec(text)?.[1])
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

/** The keys of all messages that are in a topic now. */
async function read(topic: string): Promise<string[]> {
  const keys: string[] = []
  const count = await messageCount(topic)
  const consumer = client().consumer({ groupId: 'reader', maxWaitTimeInMs: 100 })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  await consumer.run({
    eachMessage: ({ message }) => {
      keys.push(String(message.key))
      return Promise.resolve()
    },
  })
  await until(() => Promise.resolve(keys.length >= count))
  await consumer.disconnect()
  return keys
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
      { version: 'crashing', faults: { [namespace]: { crash: 'out of memory', crashAfterMs: 200 } } },
      { version: 'elsewhere', faults: { other: { crash: 'out of memory' } } },
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
      expect(await pod.metric('processing_duration_seconds_count')).toBeGreaterThanOrEqual(10)
      expect(await pod.metric('kafka_processing_errors_total')).toBe(0)
      expect(await pod.metric('app_info')).toBe(1)
      expect(pod.output).toMatch(/^INFO /)
      expect(pod.output).not.toMatch(/error|fatal|panic|warn/i)
    }
    expect(await worker.metric('kafka_messages_produced_total')).toBeGreaterThanOrEqual(10)
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

    const results = await read('once.pipeline.results')
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

it('ends with the reason when it cannot reach Kafka', async () => {
  const worker = new Pod('download-worker', 'v1.0.0', { KAFKA_BROKERS: '127.0.0.1:1' })
  expect(await worker.health()).toMatchObject({ code: 503, reason: 'is connecting to Kafka' })
  expect(await worker.ended()).toBe(1)
  expect(worker.output).toMatch(/^FATAL .*127\.0\.0\.1:1/m)
}, 60_000)
