import { describe, expect, it } from '@jest/globals'
import { parseAllDocuments } from 'yaml'
import { z } from 'zod'
import { components } from './components.ts'
import { renderManifests } from './manifests.ts'
import { readSettings } from './runtime/settings.ts'
import { readersOf, topicsOf } from './topics.ts'

const pod = { POD_IP: '10.88.0.7', POD_NAME: 'pod', POD_NAMESPACE: 'kafka-pipeline' }

const configMap = z.object({
  kind: z.literal('ConfigMap'),
  metadata: z.object({ name: z.string(), namespace: z.never().optional() }),
  data: z.record(z.string(), z.string()),
})
const deployment = z.object({
  kind: z.literal('Deployment'),
  metadata: z.object({ name: z.enum(components), namespace: z.never().optional() }),
  spec: z.object({
    replicas: z.number(),
    strategy: z.object({ rollingUpdate: z.object({ maxSurge: z.unknown(), maxUnavailable: z.unknown() }) }),
    template: z.object({
      spec: z.object({
        containers: z.tuple([
          z.object({
            image: z.string(),
            envFrom: z.tuple([z.object({ configMapRef: z.object({ name: z.string() }) })]),
          }),
        ]),
      }),
    }),
  }),
})
const stream = z.tuple([configMap, deployment, deployment, deployment])

const parse = (text: string) =>
  stream.parse(parseAllDocuments(text).map((document) => document.toJS() as unknown))

describe('renderManifests', () => {
  it('gives production as the example files have it, with the brokers put in', async () => {
    const [config, ...deployments] = parse(await renderManifests({ brokers: ['one:9092', 'two:9092'] }))
    expect(config.data.KAFKA_BROKERS).toBe('one:9092,two:9092')
    expect(
      deployments.map(({ metadata, spec }) => [
        metadata.name,
        spec.replicas,
        spec.template.spec.containers[0].image,
        spec.strategy.rollingUpdate,
      ]),
    ).toEqual([
      ['event-ingester', 2, 'registry.local/event-ingester:v1.0.0', { maxSurge: 1, maxUnavailable: 0 }],
      [
        'download-worker',
        6,
        'registry.local/download-worker:v1.0.0',
        { maxSurge: '25%', maxUnavailable: '25%' },
      ],
      ['result-processor', 2, 'registry.local/result-processor:v1.0.0', { maxSurge: 1, maxUnavailable: 0 }],
    ])
    for (const { spec } of deployments)
      expect(spec.template.spec.containers[0].envFrom[0].configMapRef.name).toBe(config.metadata.name)
  })

  it('gives staging its own names, replicas, versions and settings', async () => {
    const [config, ingester, worker] = parse(
      await renderManifests({
        brokers: ['one:9092'],
        prefix: 'staging.',
        replicas: { 'download-worker': 2 },
        versions: { 'download-worker': 'v1.2.3' },
        settings: { EVENTS_PER_SECOND: '1' },
      }),
    )
    expect(config.data).toMatchObject({ KAFKA_PREFIX: 'staging.', EVENTS_PER_SECOND: '1' })
    expect(ingester.spec.replicas).toBe(2)
    expect(worker.spec.replicas).toBe(2)
    expect(worker.spec.template.spec.containers[0].image).toBe('registry.local/download-worker:v1.2.3')
  })

  it.each(['', 'staging.'])(
    'names the topics and groups that the services use (prefix %j)',
    async (prefix) => {
      const [config] = parse(await renderManifests({ brokers: ['one:9092'], prefix }))
      const settings = readSettings({ ...pod, ...config.data })
      expect(topicsOf(prefix).map(({ topic }) => topic)).toEqual(Object.values(settings.topics))
      const { groups, topics } = settings
      expect(readersOf(prefix)).toEqual([
        { group: groups.ingest, topic: topics.files },
        { group: groups.download, topic: topics.events },
        { group: groups.result, topic: topics.results },
      ])
    },
  )
})
