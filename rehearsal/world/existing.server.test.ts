import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { startKafka, type Broker } from '../kafka/broker.ts'
import { topicsOf } from '../pipeline/topics.ts'
import { cacheFolder } from '../toolchain/cache.ts'
import { environments, prepareEnvironment, production } from './environment.ts'
import { useCluster } from './existing-cluster.ts'
import { useKafka } from './existing-kafka.ts'

const {
  PATH: path = '',
  REHEARSAL_KUBECONFIG: kubeconfig = '',
  REHEARSAL_KUBECTL: kubectl = '',
  REHEARSAL_IMAGES: images = '',
} = process.env

describe('a cluster that runs already', () => {
  const given = { kubeconfig, images }
  const namespaces = async () => {
    const cluster = await useCluster(given)
    return (await cluster.kubectlRun(['get', 'namespaces', '-o', 'name'])).trim().split('\n')
  }
  beforeAll(() => {
    process.env.PATH = [path, dirname(kubectl)].join(delimiter)
  })
  afterAll(() => {
    process.env.PATH = path
  })

  it('gets the rehearsal’s namespaces, and has none of them afterwards', async () => {
    const cluster = await useCluster(given)
    for (const environment of environments) await prepareEnvironment(cluster, environment)
    const found = (await cluster.kubectlRun(['get', 'namespaces', '-o', 'name'])).trim().split('\n')
    expect(found).toEqual(
      expect.arrayContaining(environments.map(({ namespace }) => `namespace/${namespace}`)),
    )
    await cluster.stop()
    // Only its own are looked at: other tests share the cluster, and theirs come and go.
    const left = await namespaces()
    for (const { namespace } of environments) expect(left).not.toContain(`namespace/${namespace}`)
    expect(left).toContain('namespace/default')
  })

  it('is cleared of what a killed rehearsal left', async () => {
    const killed = await useCluster(given)
    await prepareEnvironment(killed, production)
    expect(await namespaces()).not.toContain(`namespace/${production.namespace}`)
  })

  it('is refused where a namespace is somebody else’s, and keeps it', async () => {
    const cluster = await useCluster(given)
    await cluster.kubectlRun(['create', 'namespace', production.namespace])
    try {
      await expect(useCluster(given)).rejects.toThrow('has the namespace kafka-pipeline already')
      expect(await cluster.kubectlRun(['get', 'namespace', production.namespace])).toContain('Active')
    } finally {
      await cluster.kubectlRun(['delete', 'namespace', production.namespace, '--wait'])
    }
  })

  it('is refused where its files are not there', async () => {
    await expect(useCluster({ ...given, kubeconfig: '/nowhere' })).rejects.toThrow('There is no /nowhere.')
  })
})

describe('a broker that runs already', () => {
  let dir = ''
  let broker: Broker
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'existing-kafka-'))
    broker = await startKafka({ dir, cache: cacheFolder(), log: () => undefined })
  })
  afterAll(async () => {
    await broker.stop()
    await rm(dir, { recursive: true, force: true })
  })
  const topics = async () =>
    (await broker.tools('kafka-topics', '--list')).split('\n').filter((name) => name !== '')

  it('gets the rehearsal’s topics, and has none of them afterwards', async () => {
    await broker.createTopics([{ topic: 'precious' }])
    const before = await topics()
    const used = await useKafka(broker.brokers)
    await used.createTopics(topicsOf('staging.'))
    expect(await topics()).toContain('staging.pipeline.files')
    await used.giveBack()
    expect(await topics()).toEqual(before)
  })

  it('is not taken away by a scenario', async () => {
    await broker.createTopics([{ topic: 'precious' }])
    const used = await useKafka(broker.brokers)
    await expect(used.stop()).rejects.toThrow('was started by somebody else')
    expect(await topics()).toContain('precious')
  })

  it('is refused where a topic exists, and keeps it', async () => {
    await broker.createTopics([{ topic: 'pipeline.events' }])
    await expect(useKafka(broker.brokers)).rejects.toThrow('has the topics pipeline.events already')
    expect(await topics()).toContain('pipeline.events')
  })

  it('is refused where nothing answers', async () => {
    await expect(useKafka(['127.0.0.1:1'])).rejects.toThrow('Kafka at 127.0.0.1:1 does not answer')
  })
})
