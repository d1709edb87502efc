import type { EachMessagePayload, Producer } from 'kafkajs'
import type { z } from 'zod'
import { failureShare } from './faults.ts'
import { log } from './log.ts'
import type { Registry } from './metrics.ts'
import { durationBuckets } from './metrics.ts'

/** What a stage makes of a message, for the next topic. */
export interface Made {
  key: string
  value: object
}

/** One step of the pipeline: reads a topic in a consumer group and may write to another topic. */
export interface Stage<Message> {
  topic: string
  group: string
  schema: z.ZodType<Message>
  /** The topic for what `handle` returns. */
  output?: string
  /** Partitions worked on at the same time. */
  concurrency?: number
  handle(message: Message): Promise<Made | undefined>
}

export interface StageContext {
  producer: Producer
  metrics: Registry
  /** The share of messages that a fault makes fail, 0 to 1. */
  errorRate: number
}

/**
 * The function that takes each message through `stage`. A message that fails is counted, logged and left behind: this is
 * the one place where retries, a dead-letter topic and a circuit breaker would decide. A broker that does not take
 * the output is no fault of the message: that is thrown, so that the message is read again.
 */
export function messageHandler<Message>(
  stage: Stage<Message>,
  { producer, metrics, errorRate }: StageContext,
): (payload: EachMessagePayload) => Promise<void> {
  const input = { topic: stage.topic, group: stage.group }
  const consumed = metrics.counter('kafka_messages_consumed_total', 'Messages read and dealt with.', input)
  const failed = metrics.counter('kafka_processing_errors_total', 'Messages whose processing failed.', input)
  const duration = metrics.histogram(
    'processing_duration_seconds',
    'Work on a message.',
    durationBuckets,
    input,
  )
  const send = stage.output === undefined ? undefined : sender(stage.output, producer, metrics)
  const failsByFault = failureShare(errorRate)

  const work = async (value: Buffer | null): Promise<Made | undefined> => {
    if (failsByFault()) throw new Error('a fault built into this version')
    return stage.handle(stage.schema.parse(JSON.parse(String(value))))
  }

  return async ({ topic, partition, message }) => {
    const startedMs = performance.now()
    const outcome = await work(message.value).then(
      (made) => ({ made }),
      (error: unknown) => ({ error }),
    )
    duration.observe((performance.now() - startedMs) / 1000)
    if ('error' in outcome) {
      failed.increment()
      log.error(`${topic}/${String(partition)} offset ${message.offset}: ${String(outcome.error)}`)
    } else if (outcome.made !== undefined) await send?.(outcome.made)
    consumed.increment()
  }
}

function sender(topic: string, producer: Producer, metrics: Registry): (made: Made) => Promise<void> {
  const produced = metrics.counter('kafka_messages_produced_total', 'Messages written to Kafka.', { topic })
  return async ({ key, value }) => {
    await producer.send({ topic, messages: [{ key, value: JSON.stringify(value) }] })
    produced.increment()
  }
}
