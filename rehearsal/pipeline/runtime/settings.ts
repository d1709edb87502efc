import { z } from 'zod'

const name = z.string().regex(/^[\w.-]+$/, 'must be a Kafka name (letters, digits, dot, dash, underscore)')
const brokers = z
  .string()
  .transform((list) => list.split(',').map((broker) => broker.trim()))
  .pipe(z.array(z.string().regex(/^[^\s:]+:\d+$/, 'must be host:port, several separated by commas')))

/** The environment of a pod: its ConfigMap by `envFrom`, and who it is by the downward API. */
const environment = z.object({
  POD_IP: z.ipv4(),
  POD_NAME: z.string().min(1),
  POD_NAMESPACE: z.string().min(1),
  KAFKA_BROKERS: brokers,
  KAFKA_PREFIX: z.union([z.literal(''), name]).default(''),
  KAFKA_FILES_TOPIC: name,
  KAFKA_EVENTS_TOPIC: name,
  KAFKA_RESULTS_TOPIC: name,
  KAFKA_DLQ_TOPIC: name,
  KAFKA_INGEST_GROUP: name,
  KAFKA_DOWNLOAD_GROUP: name,
  KAFKA_RESULT_GROUP: name,
  EVENTS_PER_SECOND: z.coerce.number().min(0).max(1000),
  DOWNLOAD_CONCURRENCY: z.coerce.number().int().min(1).max(100),
  DOWNLOAD_LATENCY_MS: z.coerce.number().min(0).max(60_000),
  UPLOAD_LATENCY_MS: z.coerce.number().min(0).max(60_000),
  RETRY_LIMIT: z.coerce.number().int().min(0).max(10),
  RETRY_BACK_OFF_MS: z.coerce.number().int().min(1).max(60_000),
  BREAKER_FAILURES: z.coerce.number().int().min(1).max(1000),
  BREAKER_OPEN_MS: z.coerce.number().int().min(1).max(600_000),
})

export type Settings = ReturnType<typeof readSettings>

/** Reads a service's settings; throws one error that names every variable that is missing or wrong. */
export function readSettings(variables: Readonly<Record<string, string | undefined>>) {
  const parsed = environment.safeParse(variables)
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path, message }) => {
      const variable = String(path[0])
      return variables[variable] === undefined ? `${variable} is not set` : `${variable}: ${message}`
    })
    throw new Error(`configuration: ${problems.join('; ')}`)
  }
  const values = parsed.data
  const prefixed = (kafkaName: string): string => `${values.KAFKA_PREFIX}${kafkaName}`
  return {
    pod: { ip: values.POD_IP, name: values.POD_NAME, namespace: values.POD_NAMESPACE },
    brokers: values.KAFKA_BROKERS,
    topics: {
      files: prefixed(values.KAFKA_FILES_TOPIC),
      events: prefixed(values.KAFKA_EVENTS_TOPIC),
      results: prefixed(values.KAFKA_RESULTS_TOPIC),
      deadLetters: prefixed(values.KAFKA_DLQ_TOPIC),
    },
    groups: {
      ingest: prefixed(values.KAFKA_INGEST_GROUP),
      download: prefixed(values.KAFKA_DOWNLOAD_GROUP),
      result: prefixed(values.KAFKA_RESULT_GROUP),
    },
    eventsPerSecond: values.EVENTS_PER_SECOND,
    downloadConcurrency: values.DOWNLOAD_CONCURRENCY,
    downloadLatencyMs: values.DOWNLOAD_LATENCY_MS,
    uploadLatencyMs: values.UPLOAD_LATENCY_MS,
    retry: { limit: values.RETRY_LIMIT, backOffMs: values.RETRY_BACK_OFF_MS },
    breaker: { failures: values.BREAKER_FAILURES, openMs: values.BREAKER_OPEN_MS },
  }
}
