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
  KAFKA_INGEST_GROUP: 'xact-event-ingester',
  KAFKA_DOWNLOAD_GROUP: 'xact-download-worker',
  KAFKA_RESULT_GROUP: 'xact-result-processor',
  EVENTS_PER_SECOND: '5',
  DOWNLOAD_CONCURRENCY: '2',
  DOWNLOAD_LATENCY_MS: '40',
}

describe('readSettings', () => {
  it('reads numbers, the list of brokers and plain names', () => {
    expect(readSettings({ ...pod, KAFKA_PREFIX: '' })).toMatchObject({
      brokers: ['one:9092', 'two:9092'],
      topics: { events: 'pipeline.events' },
      groups: { download: 'xact-download-worker' },
      eventsPerSecond: 5,
      downloadConcurrency: 2,
    })
  })

  it('puts the prefix before topics and groups', () => {
    const { topics, groups } = readSettings({ ...pod, KAFKA_PREFIX: 'staging.' })
    expect(Object.values({ ...topics, ...groups })).toEqual([
      'staging.pipeline.files',
      'staging.pipeline.events',
      'staging.pipeline.results',
      'staging.xact-event-ingester',
      'staging.xact-download-worker',
      'staging.xact-result-processor',
    ])
  })

  it('names every variable that is missing or wrong, at once', () => {
    const wrong = { ...pod, POD_IP: undefined, KAFKA_BROKERS: 'kafka', EVENTS_PER_SECOND: 'many' }
    expect(() => readSettings(wrong)).toThrow(
      /^configuration: POD_IP is not set; KAFKA_BROKERS: must be host:port.*; EVENTS_PER_SECOND: /,
    )
  })
})
