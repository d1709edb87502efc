/** The ten lines that suffice: everything else has a default. The reference begins with them. */
export const TEN_LINES = `version: 1
pipeline: kafka-pipeline
environments:
  staging:    { namespace: kafka-pipeline-staging }
  production: { namespace: kafka-pipeline }
kafka: { brokers: ["\${KAFKA_BROKERS}"] }
components:
  - deployment: event-ingester
  - { deployment: download-worker, consumer-group: xact-download-worker }
  - deployment: result-processor
`
