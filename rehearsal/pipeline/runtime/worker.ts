import { setTimeout as delay } from 'node:timers/promises'
import type { Producer } from 'kafkajs'
import { logLevel } from 'kafkajs'
import { kafkaClient } from '../../kafka/client.ts'
import { keepConsuming } from './consuming.ts'
import type { FaultClock } from './faults.ts'
import { logKafka } from './kafka-log.ts'
import { Membership } from './membership.ts'
import type { Registry } from './metrics.ts'
import { pauseWith } from './pause.ts'
import type { Health } from './server.ts'
import type { Stage } from './stage.ts'
import { messageHandler } from './stage.ts'

/** How long the broker waits for a silent member; the shortest that Kafka allows by default. */
const sessionTimeoutMs = 6000
const rebalanceTimeoutMs = 6000
/** A member learns of a rebalance from a heartbeat, and kafkajs sends none while a fetch waits: so both are short. */
const heartbeatIntervalMs = 400
const fetchWaitMs = 200
const connectTimeoutMs = 1000
const restartPauseMs = 1000
/** About 5 s in all before a call gives up. */
const retry = { initialRetryTime: 100, maxRetryTime: 1000, retries: 8 }

export interface WorkerOptions<Message> {
  clientId: string
  brokers: string[]
  stage: Stage<Message>
  metrics: Registry
  faults: FaultClock
  /** Waits so long before it connects. */
  slowStartMs: number
}

/** A stage at work: its connections to Kafka, its place in the consumer group, and what is to be said of both. */
export interface Worker {
  readonly producer: Producer
  /** Connects and returns once the consumer is in its group. */
  start(signal: AbortSignal): Promise<void>
  /** Rejects when the consumer ended by an error that is not the broker's, or before it was in its group. */
  readonly crashed: Promise<never>
  health(): Health
  /** Finishes the messages at hand, or lets go those that wait; commits, leaves the group and disconnects. */
  stop(): Promise<void>
}

export function createWorker<Message>(options: WorkerOptions<Message>): Worker {
  const { clientId, brokers, stage, metrics, faults, slowStartMs } = options
  const kafka = kafkaClient({
    clientId,
    brokers,
    retry,
    connectionTimeout: connectTimeoutMs,
    logLevel: logLevel.ERROR,
    logCreator: () => logKafka,
  })
  const producer = kafka.producer({ allowAutoTopicCreation: false })
  const consumer = kafka.consumer({
    groupId: stage.group,
    sessionTimeout: sessionTimeoutMs,
    rebalanceTimeout: rebalanceTimeoutMs,
    heartbeatInterval: heartbeatIntervalMs,
    maxWaitTimeInMs: fetchWaitMs,
    allowAutoTopicCreation: false,
  })
  // The longest silence of a member that is still one: a rebalance that waits for a member that died.
  const membership = new Membership(sessionTimeoutMs + rebalanceTimeoutMs)
  membership.follow(consumer)
  const stopping = new AbortController()
  const eachMessage = messageHandler(stage, {
    producer,
    metrics,
    faults,
    pauseOf: (payload) => pauseWith(() => payload.heartbeat(), heartbeatIntervalMs, stopping.signal),
  })
  const run = (): Promise<void> =>
    consumer.run({ partitionsConsumedConcurrently: stage.concurrency ?? 1, eachMessage })
  const { signal: stopped } = stopping
  const { joined, crashed } = keepConsuming(consumer, { run, signal: stopped, pauseMs: restartPauseMs })
  let connected = false

  return {
    producer,
    crashed,
    async start(signal) {
      await delay(slowStartMs, undefined, { signal })
      await Promise.all([producer.connect(), consumer.connect()])
      connected = true
      await consumer.subscribe({ topic: stage.topic, fromBeginning: true })
      await run()
      await joined // not said by run(), which also returns when joining failed and is tried again
    },
    health() {
      const outside = membership.problem()
      const unready = faults.value('unready') === true ? 'is held unready by a fault' : undefined
      return {
        reason: connected ? (outside ?? unready) : 'is connecting to Kafka',
        checks: {
          kafka: connected ? 'connected' : 'connecting',
          consumer: outside ?? `member of ${stage.group}`,
        },
      }
    },
    async stop() {
      stopping.abort()
      await consumer.disconnect()
      await producer.disconnect()
    },
  }
}
