// Lag of a broker that is read from inside the real cluster, under exactly the documented Role.
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import { logLevel } from 'kafkajs'
import * as z from 'zod'
import type { KubernetesApi } from '../../packages/shared/src/cluster/api.ts'
import { KubernetesJobs } from '../../packages/shared/src/cluster/jobs/jobs.ts'
import { createToken, RealCluster } from '../../packages/shared/src/cluster/real-cluster.fixture.ts'
import { configMaps, jobs, pods, type Resource } from '../../packages/shared/src/cluster/resources.ts'
import { groupLag } from '../../packages/shared/src/decide/group-lag.ts'
import { explained } from '../../packages/shared/src/errors.ts'
import { JobLag } from '../../packages/shared/src/kafka/job-lag.ts'
import { silent, systemClock } from '../../packages/shared/src/ports.ts'
import { loadRunbook } from '../../packages/shared/src/runbook/load.ts'
import { buildLagReader } from '../../scripts/build.ts'
import { auditedRequests } from '../kubernetes/requests.ts'
import { rightOf, rightsIn } from '../kubernetes/rights.ts'
import { buildNodeImage, nodeImage } from '../pipeline/node-image.ts'
import { cacheFolder } from '../toolchain/cache.ts'
import { startKafka, type Broker } from './broker.ts'
import { kafkaClient } from './client.ts'
import { password, securedListeners, selfSigned, user } from './secured-broker.fixture.ts'

const run = promisify(execFile)
const { signal } = new AbortController()
const roleFile = join(import.meta.dirname, '../../rbac/private-brokers/lag-job.yaml')
const [group, topic] = ['xact-download-worker', 'pipeline.events']

const real = new RealCluster(process.env)
const opened: { close(): Promise<void> }[] = []
let admin: KubernetesApi
let account: KubernetesApi
let dir: string
let broker: Broker
let program: string

const kubectl = (...args: string[]): Promise<unknown> =>
  run(real.kubectl, ['--kubeconfig', real.kubeconfig, '-n', real.namespace, ...args])

/** Lag by a Job as the runbook file says it, of a run. */
function lagOf(more = '', id = '1', api = account): JobLag {
  const { kafka } = loadRunbook(
    `version: 1
pipeline: kafka-pipeline
environments: { production: { namespace: ${real.namespace} } }
kafka:
  source: job
  brokers: ['\${BROKERS}']
  connect-timeout: 1s
  request-timeout: 5s
${more === '' ? `  job: ${jobSection()}` : more}
components: [{ deployment: worker, consumer-group: ${group} }]
`,
    { file: 'runbook.yaml' },
  )
  const owner = { pipeline: 'kafka-pipeline', environment: 'production', run: id }
  const lag = new JobLag('kafka by a Job', {
    jobs: new KubernetesJobs(api, real.namespace, owner, { redact: (text) => text, log: silent }),
    kafka: kafka!,
    program,
    clock: systemClock,
  })
  opened.push(lag)
  return lag
}

function jobSection(more = '', brokers = 'kafka-access/brokers', image = nodeImage): string {
  return `{ image: ${image}, secrets: { BROKERS: ${brokers}${more} }, every: 1s, deadline: 60s }`
}

async function names(resource: Resource<unknown>): Promise<string[]> {
  const { items } = await admin.list(resource as Resource<{ metadata?: { name?: string } }>, real.namespace)
  return items.map(({ metadata }) => metadata?.name ?? '').filter((name) => name.startsWith('runbook-'))
}

/** Waits until nothing is left of any Job; the test's own limit says when something is. */
async function untilGone(): Promise<void> {
  for (;;) {
    const left = await Promise.all([names(jobs), names(pods), names(configMaps)])
    if (left.flat().length === 0) return
    await delay(100)
  }
}

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'job-lag-'))
  const [server, client] = [selfSigned('broker'), selfSigned('client')]
  const log = (): void => undefined
  const listeners = securedListeners(server, client)
  ;[admin, broker, program] = await Promise.all([
    real.start(),
    startKafka({ dir, cache: cacheFolder(), log, listeners }),
    buildLagReader(),
    buildNodeImage(real.images),
  ])
  await broker.createTopics([{ topic, numPartitions: 2 }])
  const kafka = kafkaClient({ clientId: 'test', brokers: broker.brokers, logLevel: logLevel.NOTHING })
  const [producer, kafkaAdmin] = [kafka.producer(), kafka.admin()]
  await Promise.all([producer.connect(), kafkaAdmin.connect()])
  const messages = Array.from({ length: 5 }, () => ({ value: 'x', partition: 0 }))
  await producer.send({ topic, messages })
  await kafkaAdmin.setOffsets({ groupId: group, topic, partitions: [{ partition: 0, offset: '2' }] })
  await Promise.all([producer.disconnect(), kafkaAdmin.disconnect()])

  await kubectl(
    'create',
    'secret',
    'generic',
    'kafka-access',
    `--from-literal=brokers=${broker.brokers.join(',')}`,
    `--from-literal=login=${broker.addresses.ONLYPLAIN ?? ''}`,
    '--from-literal=nowhere=127.0.0.1:9',
    `--from-literal=user=${user}`,
    `--from-literal=password=${password}`,
    '--from-literal=wrong=hunter2-hunter2',
  )
  await kubectl('create', 'serviceaccount', 'runbook-reader')
  await kubectl('create', 'serviceaccount', 'runbook-deployer')
  await kubectl('apply', '-f', roleFile)
  account = real.client({}, { token: await createToken(real, 'runbook-reader') })
})

afterEach(async () => {
  await Promise.all(opened.splice(0).map((each) => each.close()))
  await untilGone()
})

afterAll(async () => {
  await account.close()
  await real.stop()
  await broker.stop()
  await rm(dir, { recursive: true })
})

describe('lag by a Job', () => {
  it('is the lag that the broker has, and one Job reads all of it', async () => {
    const lag = lagOf()
    const first = (await lag.read([group], signal)).get(group)!
    expect(groupLag(first)).toMatchObject({ total: 3, uncommitted: [{ partition: 1 }] })
    expect(first).toMatchObject({ group, state: 'empty', members: 0 })
    const [job] = await names(jobs)
    for (let at = first.at; at < first.at + 2_000;) {
      at = (await lag.read([group], signal)).get(group)!.at
    }
    expect(await names(jobs)).toEqual([job])
    const past = (await lag.history([group], new Date(0))).get(group)!
    expect(past.length).toBeGreaterThanOrEqual(3)
    expect(past.map(({ at }) => at)).toEqual([...new Set(past.map(({ at }) => at))].toSorted((a, b) => a - b))
  })

  it('logs in with what is in the Secret, and no value of it is in the Job', async () => {
    const login = jobSection(
      ', USER: kafka-access/user, PASSWORD: kafka-access/password',
      'kafka-access/login',
    )
    const lag = lagOf(
      `  sasl: { mechanism: plain, username: '\${USER}', password: '\${PASSWORD}' }\n  job: ${login}`,
    )
    expect(groupLag((await lag.read([group], signal)).get(group)!).total).toBe(3)
    const { items } = await admin.list(jobs, real.namespace)
    const text = JSON.stringify([items, (await admin.list(configMaps, real.namespace)).items])
    expect(text).toContain('${PASSWORD}')
    for (const value of [password, broker.addresses.ONLYPLAIN!]) expect(text).not.toContain(value)
  })

  it('may do nothing in its pod: no token, no root, nothing to write to', async () => {
    await lagOf().read([group], signal)
    const [pod] = (await admin.list(pods, real.namespace)).items
    expect(pod?.spec).toMatchObject({
      automountServiceAccountToken: false,
      restartPolicy: 'Never',
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    })
    expect(pod?.spec?.containers[0]?.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      readOnlyRootFilesystem: true,
    })
    const [job] = (await admin.list(jobs, real.namespace)).items
    expect(job?.spec).toMatchObject({
      backoffLimit: 0,
      activeDeadlineSeconds: 960,
      ttlSecondsAfterFinished: 300,
    })
    expect(
      (
        await admin.list(configMaps, real.namespace, {
          labelSelector: 'app.kubernetes.io/component=runbook-lag',
        })
      ).items,
    ).toMatchObject([{ immutable: true }])
  })

  it('is accepted where Pod Security is restricted', async () => {
    await kubectl('label', 'namespace', real.namespace, 'pod-security.kubernetes.io/enforce=restricted')
    try {
      expect((await lagOf().read([group], signal)).has(group)).toBe(true)
    } finally {
      await kubectl('label', 'namespace', real.namespace, 'pod-security.kubernetes.io/enforce-')
    }
  })

  it('goes on with the next Job where the time of one is over', async () => {
    const job = jobSection().replace(' }', ' }').replace('deadline: 60s', 'deadline: 60s, lifetime: 1s')
    const lag = lagOf(`  job: ${job}`)
    await lag.read([group], signal)
    const [first] = await names(jobs)
    for (;;) {
      await lag.read([group], signal)
      const now = await names(jobs)
      if (now.length > 0 && !now.includes(first!)) return
      await delay(100)
    }
  })
})

describe('lag by a Job says what is in the way', () => {
  it.each<[string, () => string, string, string]>([
    [
      'an image that is not there',
      () => `  job: ${jobSection('', undefined, 'registry.local/node:none')}`,
      'its image registry.local/node:none cannot be pulled',
      'kafka.job.image',
    ],
    [
      'a Secret that is not there',
      () => `  job: ${jobSection('', 'nothing/brokers')}`,
      'secret "nothing" not found',
      'kafka.job.secrets',
    ],
    [
      'a key that is not there',
      () => `  job: ${jobSection('', 'kafka-access/nothing')}`,
      "couldn't find key nothing in Secret",
      'kafka.job.secrets',
    ],
    [
      'brokers that do not answer',
      () => `  job: ${jobSection('', 'kafka-access/nowhere')}`,
      'From inside the cluster: 127.0.0.1:9 refused the connection',
      'network policies',
    ],
    [
      'a login that is refused',
      () =>
        `  sasl: { mechanism: plain, username: '\${USER}', password: '\${PASSWORD}' }\n  job: ${jobSection(', USER: kafka-access/user, PASSWORD: kafka-access/wrong', 'kafka-access/login')}`,
      'From inside the cluster: 127.0.0.1',
      'kafka.sasl.password',
    ],
    [
      'a value that is no broker',
      () => `  job: ${jobSection('', 'kafka-access/user')}`,
      'From inside the cluster: kafka.brokers: ${BROKERS} is not a list of brokers',
      'kafka.job.secrets',
    ],
  ])('%s', async (_, section, message, next) => {
    const error: unknown = await lagOf(section())
      .read([group], signal)
      .catch((thrown: unknown) => thrown)
    expect(explained(error)).toContain(message)
    expect(explained(error)).toContain(next)
    for (const value of [password, 'hunter2']) expect(explained(error)).not.toContain(value)
  })

  it('no node', async () => {
    const { items } = await admin.list(pods, undefined)
    expect(items).toBeDefined()
    await kubectl('cordon', '127.0.0.1')
    try {
      const lag = lagOf(`  job: ${jobSection().replace('deadline: 60s', 'deadline: 3s')}`)
      await expect(lag.read([group], signal)).rejects.toThrow(
        /has not started within 3 s: no node takes its pod: /,
      )
    } finally {
      await kubectl('uncordon', '127.0.0.1')
    }
  })

  it('no pod', async () => {
    await kubectl('create', 'quota', 'nothing', '--hard=pods=0')
    try {
      const lag = lagOf(`  job: ${jobSection().replace('deadline: 60s', 'deadline: 3s')}`)
      await expect(lag.read([group], signal)).rejects.toMatchObject({
        message: expect.stringContaining('has not started within 3 s: it has no pod.') as unknown,
        next: expect.stringContaining('A quota') as unknown,
      })
    } finally {
      await kubectl('delete', 'quota', 'nothing')
    }
  })

  it('a dry run', async () => {
    const dry = real.client({ dryRun: true })
    await expect(lagOf('', '1', dry).read([group], signal)).rejects.toThrow('In a dry run no Job is started')
    await dry.close()
  })

  it('recovers with a next question', async () => {
    const lag = lagOf(`  job: ${jobSection('', 'kafka-access/later')}`)
    await expect(lag.read([group], signal)).rejects.toThrow("couldn't find key later")
    await kubectl(
      'patch',
      'secret',
      'kafka-access',
      '--type=merge',
      '-p',
      JSON.stringify({ stringData: { later: broker.brokers.join(',') } }),
    )
    // The node sees the change a moment later.
    let reading: ReadonlyMap<string, unknown> | undefined
    while (reading === undefined) reading = await lag.read([group], signal).catch(() => undefined)
    expect(reading.has(group)).toBe(true)
  })
})

describe('nothing is left', () => {
  it('of a run that was cancelled while its Job starts', async () => {
    const lag = lagOf(`  job: ${jobSection('', undefined, 'registry.local/node:none')}`)
    const reading = expect(lag.read([group], signal)).rejects.toThrow()
    while ((await names(jobs)).length === 0) await delay(20)
    await lag.close()
    await reading
    await untilGone()
  })

  it('of a run that was killed, once the next job of it asks; a Job of another run goes on', async () => {
    const killed = lagOf('', '1')
    const other = lagOf('', '2')
    await Promise.all([killed.read([group], signal), other.read([group], signal)])
    const before = await names(jobs)
    expect(before.length).toBe(2)
    opened.splice(0)
    const next = lagOf('', '1')
    await next.read([group], signal)
    const after = await names(jobs)
    expect(after.length).toBe(2)
    expect(before.filter((name) => after.includes(name)).length).toBe(1)
    await Promise.all([killed, other, next].map((each) => each.close()))
  })
})

describe('the documented Role', () => {
  it('is what is needed, and nothing more', async () => {
    const who = `system:serviceaccount:${real.namespace}:runbook-reader`
    const requests = await auditedRequests(z.string().parse(process.env.REHEARSAL_AUDIT))
    const asked = requests.filter(({ user, resource }) => user === who && resource !== '')
    expect(new Set(asked.map(rightOf))).toEqual(new Set(await rightsIn(roleFile)))
    expect(asked.filter(({ code }) => code === 403)).toEqual([])
  })
})
