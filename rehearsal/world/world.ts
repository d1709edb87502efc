import { randomBytes } from 'node:crypto'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { KubernetesApi } from '../../packages/shared/src/cluster/api.ts'
import { messageOf } from '../../packages/shared/src/errors.ts'
import { startGitHub, type GitHub } from '../github/server.ts'
import { untilDrained } from '../kafka/backlog.ts'
import { startKafka } from '../kafka/broker.ts'
import { buildCluster } from '../kubernetes/binary.ts'
import { startCluster, type RehearsalCluster } from '../kubernetes/cluster.ts'
import { buildImages } from '../pipeline/images.ts'
import { readersOf, topicsOf } from '../pipeline/topics.ts'
import type { Alertmanager } from '../prometheus/alertmanager.ts'
import { buildAct } from '../runner/build.ts'
import type { Run } from '../runner/run.ts'
import { cacheFolder } from '../toolchain/cache.ts'
import { requirePrerequisites } from '../toolchain/prerequisites.ts'
import { CallerRepository, engineer } from './caller-repository.ts'
import {
  deployFirstVersion,
  environments,
  prepareEnvironment,
  production,
  serviceAccountKubeconfig,
  staging,
} from './environment.ts'
import { useCluster, type ExistingCluster } from './existing-cluster.ts'
import { useKafka, type PipelineKafka } from './existing-kafka.ts'
import { usePrometheus } from './existing-prometheus.ts'
import {
  alertmanagerStarter,
  prometheusStarter,
  untilScraped,
  type PipelinePrometheus,
} from './monitoring.ts'
import { adminApi, seedRecord } from './seed.ts'
import { stageSuite } from './suite.ts'
import type { Timeline } from './timeline.ts'

/** A group that keeps up is rarely further behind than the messages of a few seconds. */
const usualBacklog = 100
const drainLimitMs = 120_000

/** Everything that a deployment meets, on this machine. */
export interface World {
  readonly dir: string
  readonly images: string
  readonly suite: string
  readonly act: string
  readonly cluster: RehearsalCluster
  readonly api: KubernetesApi
  readonly kafka: PipelineKafka
  readonly prometheus: PipelinePrometheus
  readonly alertmanager: Alertmanager
  readonly repository: CallerRepository
  /** Replaced at each reset: what one scenario files must not reach the next. */
  github: GitHub
  readonly secrets: Readonly<Record<string, string>>
  /** The repository's configuration variables. */
  readonly variables: Readonly<Record<string, string>>
  /** Runs that have not ended: their processes do not end with ours by themselves. */
  readonly running: Set<Run>
  stop(): Promise<void>
}

/** Parts that run already: only what is missing is booted, and what was there stays. */
export interface Existing {
  readonly cluster?: ExistingCluster
  /** Bootstrap servers. */
  readonly kafka?: readonly string[]
  /** The address of one that scrapes the cluster. */
  readonly prometheus?: string
}

/** The approvers, by the environment that they review. */
export const reviewers = {
  'production-team-lead': 'tina',
  'production-product-owner': 'marc',
  'production-engineering-manager': 'emma',
  'production-on-call': 'omar',
} as const

/** Boots everything, what does not depend on each other at the same time. What was started is stopped where one fails. */
export async function bootWorld(timeline: Timeline, existing: Existing = {}): Promise<World> {
  await requirePrerequisites()
  const log = (line: string): void => {
    timeline.add(line)
  }
  const cache = cacheFolder()
  const dir = await mkdtemp(join(tmpdir(), 'runbook-rehearsal-'))
  // Pods run as ordinary users and read their images from here.
  await chmod(dir, 0o755)
  const images = existing.cluster === undefined ? join(dir, 'images') : resolve(existing.cluster.images)
  const started: (() => Promise<void>)[] = [() => rm(dir, { recursive: true, force: true })]
  const stop = async (): Promise<void> => {
    for (const end of started.splice(0).toReversed()) {
      await end().catch((error: unknown) => {
        log(`not everything could be ended: ${messageOf(error)}`)
      })
    }
  }
  try {
    const booting = await startOrUse(existing, { dir, cache, images, log }, started)
    const [kafka, cluster, alertmanager, repository, suite] = await allOf([
      booting.kafka,
      booting.cluster,
      booting.alertmanager,
      CallerRepository.create(dir),
      stageSuite(dir, log),
      buildImages({ dir: images, versions: [{ version: 'v1.0.0' }] }),
    ])
    const api = await adminApi(cluster)
    started.push(() => api.close())
    await Promise.all(environments.map((environment) => prepareEnvironment(cluster, environment)))
    const prometheus = await booting.prometheus(cluster, alertmanager)
    const secrets = {
      STAGING_KUBECONFIG: await serviceAccountKubeconfig(cluster, 'runbook-deployer', staging),
      PRODUCTION_KUBECONFIG: await serviceAccountKubeconfig(cluster, 'runbook-deployer', production),
      PRODUCTION_READ_KUBECONFIG: await serviceAccountKubeconfig(cluster, 'runbook-reader', production),
      RUNBOOK_SECRETS: `REHEARSAL_TOKEN=${randomBytes(24).toString('base64url')}`,
    }
    const variables = {
      KAFKA_BROKERS: kafka.brokers.join(','),
      PROMETHEUS_URL: prometheus.url,
      ALERTMANAGER_URL: alertmanager.url,
    }
    const github = await standIn(repository)
    const running = new Set<Run>()
    const world: World = {
      dir,
      images,
      suite,
      act: booting.act,
      cluster,
      api,
      kafka,
      prometheus,
      alertmanager,
      repository,
      github,
      secrets,
      variables,
      running,
      stop,
    }
    started.push(
      () => world.github.close(),
      async () => {
        await Promise.all([...running].map((run) => run.kill()))
      },
    )
    await seed(world)
    log('v1.0.0 runs in staging and production, recorded and tagged v1.0.0-prod')
    return world
  } catch (error) {
    await stop()
    throw error
  }
}

interface Place {
  readonly dir: string
  readonly cache: string
  readonly images: string
  readonly log: (line: string) => void
}

/** The parts that do not depend on each other, each on its way, and what needs some of them. */
interface Booting {
  readonly act: string
  readonly kafka: Promise<PipelineKafka>
  readonly cluster: Promise<RehearsalCluster>
  readonly alertmanager: Promise<Alertmanager>
  /** Needs the environments' namespaces. */
  prometheus(cluster: RehearsalCluster, alertmanager: Alertmanager): Promise<PipelinePrometheus>
}

/** Takes the parts that exist and starts those that are missing. What was started or made is added to `started`. */
async function startOrUse(
  existing: Existing,
  { dir, cache, images, log }: Place,
  started: (() => Promise<void>)[],
): Promise<Booting> {
  // Before anything is built, because they can be refused. The cluster is given back first: groups outlive their pods.
  const usedKafka = existing.kafka && (await useKafka(existing.kafka))
  if (usedKafka !== undefined) started.push(() => usedKafka.giveBack())
  const usedPrometheus =
    existing.prometheus === undefined ? undefined : await usePrometheus(existing.prometheus)
  const usedCluster = existing.cluster && (await useCluster(existing.cluster))
  if (usedCluster !== undefined) started.push(() => usedCluster.stop())

  // One heavy build after the other: two at once would be no faster on two cores.
  const act = await buildAct({ cache, log })
  const alertmanagerPart = await alertmanagerStarter({ dir, cache, log })
  const prometheusPart =
    usedPrometheus === undefined
      ? await prometheusStarter({ dir, cache, log })
      : () => Promise.resolve(usedPrometheus)
  const clusterPart =
    usedCluster === undefined
      ? await clusterStarter({ dir, cache, images, log }, started)
      : () => Promise.resolve(usedCluster)
  await mkdir(images, { recursive: true })
  const kafka = async (): Promise<PipelineKafka> => {
    const broker = usedKafka ?? (await startKafka({ dir: join(dir, 'kafka'), cache, log }))
    if (usedKafka === undefined) started.push(() => broker.stop())
    await broker.createTopics(environments.flatMap(({ prefix }) => topicsOf(prefix)))
    log(`Kafka is ready at ${broker.brokers.join(', ')}`)
    return broker
  }
  const cluster = async (): Promise<RehearsalCluster> => {
    const found = await clusterPart()
    log(`Kubernetes is ready at ${found.server}`)
    return found
  }
  const alertmanager = async (): Promise<Alertmanager> => {
    const server = await alertmanagerPart()
    started.push(() => server.stop())
    return server
  }
  return {
    act,
    kafka: kafka(),
    cluster: cluster(),
    alertmanager: alertmanager(),
    async prometheus(...needed) {
      const server = await prometheusPart(...needed)
      if (usedPrometheus === undefined) started.push(() => server.stop())
      log(`Prometheus is ready at ${server.url}`)
      return server
    },
  }
}

/** Builds the cluster program; what it returns boots a cluster. */
async function clusterStarter(
  { dir, cache, images, log }: Place,
  started: (() => Promise<void>)[],
): Promise<() => Promise<RehearsalCluster>> {
  const binary = await buildCluster(cache, log)
  return async () => {
    const booted = await startCluster(binary, { dir: join(dir, 'cluster'), images, log: () => undefined })
    started.push(() => booted.stop())
    return booted
  }
}

/** Puts everything back to v1.0.0 and forgets what happened since. */
export async function resetWorld(world: World): Promise<void> {
  await writeFile(join(world.images, 'faults.json'), '[]')
  // Also what a scenario has taken away and, ended early, not brought back.
  await Promise.all([world.kafka, world.prometheus, world.alertmanager].map((part) => part.start()))
  await world.alertmanager.resolveAll()
  await world.repository.reset()
  await world.github.close()
  world.github = await standIn(world.repository)
  const selector = ['-l', 'app.kubernetes.io/managed-by=runbook-actions']
  await Promise.all(
    environments.flatMap(({ namespace }) => [
      world.cluster.kubectlRun(['delete', 'configmap,lease', '-n', namespace, ...selector]),
      world.cluster.kubectlRun(['delete', 'resourcequota', '--all', '-n', namespace]),
    ]),
  )
  await world.prometheus.forget()
  await seed(world)
  const readers = environments.flatMap(({ prefix }) => readersOf(prefix))
  await untilDrained(world.kafka.brokers, readers, { most: usualBacklog, limitMs: drainLimitMs })
}

async function seed({ cluster, api, kafka, prometheus, repository }: World): Promise<void> {
  const commit = await repository.git('rev-parse', 'v1.0.0^{commit}')
  await Promise.all(
    environments.map(async (environment) => {
      await deployFirstVersion(cluster, api, environment, kafka.brokers)
      await seedRecord(api, environment, commit)
    }),
  )
  await untilScraped(prometheus, cluster)
}

async function standIn(repository: CallerRepository): Promise<GitHub> {
  const [owner = '', repo = ''] = repository.slug.split('/')
  const github = await startGitHub({ bare: repository.bare, owner, repo })
  const { users, environments: places } = github.state
  users.add({ login: engineer, role: 'write' })
  for (const [name, login] of Object.entries(reviewers)) {
    users.add({ login, role: 'maintain' })
    places.set({ name, reviewers: [login], preventsSelfReview: true })
  }
  places.set({ name: 'staging' })
  places.set({ name: 'production', branchPolicy: 'custom' })
  return github
}

/**
 * As `Promise.all`, but waits for all of them also where one fails: what still runs could not be ended, and would write
 * into folders that are being removed.
 */
async function allOf<T extends readonly unknown[]>(work: {
  readonly [K in keyof T]: Promise<T[K]>
}): Promise<T> {
  await Promise.allSettled(work)
  return Promise.all(work) as Promise<unknown> as Promise<T>
}
