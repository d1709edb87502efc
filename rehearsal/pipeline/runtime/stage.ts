import type { EachMessagePayload, Producer } from 'kafkajs'
import { z } from 'zod'
import { evenShare, type FaultClock } from './faults.ts'
import { log } from './log.ts'
import type { Registry } from './metrics.ts'
import { durationBuckets } from './metrics.ts'
import type { Pause } from './pause.ts'
import { PermanentError, tryRepeatedly, type RetryOptions } from './retry.ts'

/** How long a service that a fault has silenced holds a message before it looks again. */
const silenceMs = 1000

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
  /** The topic for messages that failed as often as they may be tried. */
  deadLetters: string
  retry: RetryOptions
  /** Partitions worked on at the same time. */
  concurrency?: number
  /** Works on a message. What it throws is tried again, unless it is a PermanentError. Long waits need `pause`. */
  handle(message: Message, pause: Pause): Promise<Made | undefined>
  /** Hears of each message how it ended. */
  ended?(outcome: 'success' | 'failure'): void
}

export interface StageContext {
  producer: Producer
  metrics: Registry
  faults: FaultClock
  /** The way to wait within the work on a message. */
  pauseOf: (payload: EachMessagePayload) => Pause
}

/**
 * The function that takes each message through `stage`. One that fails is tried again after a pause that doubles, and
 * becomes a dead letter when it has failed too often; one that cannot succeed is left behind. Either is logged, and
 * counted once. A broker that does not take the output is no fault of the message: that is thrown, so that the message
 * is read again.
 */
export function messageHandler<Message>(
  stage: Stage<Message>,
  { producer, metrics, faults, pauseOf }: StageContext,
): (payload: EachMessagePayload) => Promise<void> {
  const input = { topic: stage.topic, group: stage.group }
  const consumed = metrics.counter('kafka_messages_consumed_total', 'Messages read and dealt with.', input)
  const failed = metrics.counter('kafka_processing_errors_total', 'Messages whose processing failed.', input)
  const retried = metrics.counter('kafka_retries_total', 'Attempts after the first.', input)
  const dead = metrics.counter('kafka_dlq_messages_total', 'Messages sent to the dead-letter topic.', input)
  const duration = metrics.histogram(
    'kafka_processing_duration_seconds',
    'Work on a message, with its retries.',
    durationBuckets,
    input,
  )
  const send = stage.output === undefined ? undefined : sender(stage.output, producer, metrics)
  const misfortune = misfortunes(faults)

  return async (payload) => {
    const { topic, partition, message } = payload
    const pause = pauseOf(payload)
    while (faults.value('silent') === true) await pause(silenceMs)
    const strike = misfortune()
    const attempt = async (number: number): Promise<Made | undefined> => {
      await pause(faults.value('slowMs') ?? 0)
      strike(number)
      return stage.handle(parse(stage.schema, message.value), pause)
    }
    const startedMs = performance.now()
    const outcome = await tryRepeatedly(attempt, stage.retry, {
      pause,
      repeated: () => {
        retried.increment()
      },
    })
    duration.observe((performance.now() - startedMs) / 1000)
    if (outcome.kind === 'done') {
      if (outcome.value !== undefined) await send?.(outcome.value)
    } else {
      log.error(`${topic}/${String(partition)} offset ${message.offset}: ${String(outcome.error)}`)
      if (outcome.kind === 'exhausted') {
        await producer.send(deadLetter(stage.deadLetters, payload, outcome.error))
        dead.increment()
      }
      failed.increment()
    }
    stage.ended?.(outcome.kind === 'done' ? 'success' : 'failure')
    consumed.increment()
  }
}

function parse<Message>(schema: z.ZodType<Message>, value: Buffer | null): Message {
  try {
    return schema.parse(JSON.parse(String(value)))
  } catch (cause) {
    const reason = cause instanceof z.ZodError ? z.prettifyError(cause) : String(cause)
    throw new PermanentError(`unreadable message: ${reason}`, { cause })
  }
}

/** Gives each message in turn the function that lets its attempts fail as the version's faults say. */
function misfortunes(faults: FaultClock): () => (attempt: number) => void {
  const rejects = evenShare(() => faults.value('errorRate') ?? 0)
  const dies = evenShare(() => faults.value('dlqRate') ?? 0)
  const stumbles = evenShare(() => faults.value('retryRate') ?? 0)
  const built = 'a fault built into this version'
  return () => {
    const [isRejected, isDead, isStumbling] = [rejects(), dies(), stumbles()]
    return (attempt) => {
      if (isRejected) throw new PermanentError(built)
      if (isDead || (isStumbling && attempt === 1)) throw new Error(built)
    }
  }
}

/** The message as it was, with where it came from and why it is dead. */
function deadLetter(to: string, { topic, partition, message }: EachMessagePayload, error: unknown) {
  const headers = {
    ...message.headers,
    'dlq.topic': topic,
    'dlq.partition': String(partition),
    'dlq.offset': message.offset,
    'dlq.reason': String(error),
  }
  return { topic: to, messages: [{ key: message.key, value: message.value, headers }] }
}

function sender(topic: string, producer: Producer, metrics: Registry): (made: Made) => Promise<void> {
  const produced = metrics.counter('kafka_messages_produced_total', 'Messages written to Kafka.', { topic })
  return async ({ key, value }) => {
    await producer.send({ topic, messages: [{ key, value: JSON.stringify(value) }] })
    produced.increment()
  }
}
