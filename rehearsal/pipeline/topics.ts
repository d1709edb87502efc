import type { ITopicConfig } from 'kafkajs'

/** Twice the six download workers of production, so that each owns two partitions and a canary finds some. */
const numPartitions = 12

/** The consumer groups and what each reads, in one environment. */
export function readersOf(prefix = ''): { group: string; topic: string }[] {
  const reads = {
    'xact-event-ingester': 'pipeline.files',
    'xact-download-worker': 'pipeline.events',
    'xact-result-processor': 'pipeline.results',
  }
  return Object.entries(reads).map(([group, topic]) => ({
    group: `${prefix}${group}`,
    topic: `${prefix}${topic}`,
  }))
}

/**
 * The topics of one environment. Environments that share a broker differ in `prefix`, which stands before the name of
 * every topic and consumer group (`KAFKA_PREFIX` of the ConfigMap).
 */
export function topicsOf(prefix = ''): ITopicConfig[] {
  return ['pipeline.files', 'pipeline.events', 'pipeline.results', 'pipeline.dlq'].map((name) => ({
    topic: `${prefix}${name}`,
    numPartitions,
    replicationFactor: 1,
  }))
}
