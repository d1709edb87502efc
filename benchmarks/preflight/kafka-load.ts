import { logLevel, Partitioners } from 'kafkajs'
import type { Broker } from '../../rehearsal/kafka/broker.ts'
import { kafkaClient } from '../../rehearsal/kafka/client.ts'

/** One topic and the group that reads it, by the component that consumes. */
export interface Consumed {
  readonly deployment: string
  readonly group: string
  readonly topic: string
}

export const consumed: readonly Consumed[] = ['event-ingester', 'download-worker', 'result-processor'].map(
  (deployment) => ({ deployment, group: `xact-${deployment}`, topic: `many.${deployment}` }),
)

/** Each topic gets `partitions` partitions with one message each, of which its group has read none: a lag of 1 each. */
export async function loadKafka(broker: Broker, partitions: number): Promise<void> {
  await broker.createTopics(consumed.map(({ topic }) => ({ topic, numPartitions: partitions })))
  // A broker needs a while to become the leader of a thousand partitions: until then it refuses.
  const retry = { retries: 60, maxRetryTime: 2_000 }
  const { brokers } = broker
  const client = kafkaClient({ clientId: 'benchmark', brokers, logLevel: logLevel.NOTHING, retry })
  const producer = client.producer({ createPartitioner: Partitioners.DefaultPartitioner })
  await producer.connect()
  try {
    for (const { topic } of consumed) {
      const messages = Array.from({ length: partitions }, (_, partition) => ({ partition, value: 'one' }))
      await producer.send({ topic, messages })
    }
  } finally {
    await producer.disconnect()
  }
  for (const { group, topic } of consumed) {
    const reset = ['--reset-offsets', '--to-earliest', '--execute']
    await broker.tools('kafka-consumer-groups', ...reset, '--group', group, '--topic', topic)
  }
}
