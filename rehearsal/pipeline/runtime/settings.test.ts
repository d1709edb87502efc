import { describe, expect, it } from '@jest/globals'
import { readSettings } from './settings.ts'

const pod = {
  POD_IP: '10.88.0.7',
  POD_NAME: 'download-worker-1',
  POD_NAMESPACE: 'kafka-pipeline',
  KAFKA_BROKERS: 'one:9092, two:9092',
  KAFKA_FILES_TOPIC: 'pipeline.files',
  KAFKA_EVENTS_TOPIC: 'pipeline.events',
  KAFKA_RESULTS_TOPIC: 'pipeline.results',
  KAFKA_DLQ_TOPIC: 'pipeline.dlq',
  KAFKA_INGEST_GROUP: 'xact-event-ingester',
  KAFKA_DOWNLOAD_GROUP: 'xact-download-worker',
  KAFKA_RESULT_GROUP: 'xact-result-processor',
  EVENTS_PER_SECOND: '5',
  DOWNLOAD_CONCURRENCY: '2',
  DOWNLOAD_LATENCY_MS: '40',
  UPLOAD_LATENCY_MS: '20',
  RETRY_LIMIT: '3',
  RETRY_BACK_OFF_MS: '100',
  BREAKER_FAILURES: '5',
  BREAKER_OPEN_MS: '10000',
}

describe('readSettings', () => {
  it('reads numbers, the list of brokers and plain names', () => {
    expect(readSettings({ ...pod, KAFKA_PREFIX: '' })).toMatchObject({
      brokers: ['one:9092', 'two:9092'],
      topics: { events: 'pipeline.events' },
      groups: { download: 'xact-download-worker' },
      eventsPerSecond: 5,
      downloadConcurrency: 2,
      retry: { limit: 3, backOffMs: 100 },
      breaker: { failures: 5, openMs: 10_000 },
    })
  })

  it('puts the prefix before topics and groups', () => {
    const { topics, groups } = readSettings({ ...pod, KAFKA_PREFIX: 'staging.' })
    expect(Object.values({ ...topics, ...groups })).toEqual([
      'staging.pipeline.files',
      'staging.pipeline.events',
      'staging.pipeline.results',
      'staging.pipeline.dlq',
      'staging.xact-event-ingester',
      'staging.xact-download-worker',
      'staging.xact-result-processor',
    ])
  })

  it('can be without traffic', () => {
    expect(readSettings({ ...pod, EVENTS_PER_SECOND: '0' }).eventsPerSecond).toBe(0)
  })

  it('names every variable that is missing or wrong, at once', () => {
    const wrong = { ...pod, POD_IP: undefined, KAFKA_BROKERS: 'kafka', EVENTS_PER_SECOND: 'many' }
    expect(() => readSettings(wrong)).toThrow(
      /^configuration: POD_IP is not set; KAFKA_BROKERS: must be host:port.*; EVENTS_PER_SECOND: /,
    )
  })
})
