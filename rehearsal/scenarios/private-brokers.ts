import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { buildNodeImage, nodeImage } from '../pipeline/node-image.ts'
import { environments, production } from '../world/environment.ts'
import { recordStore } from '../world/seed.ts'
import type { World } from '../world/world.ts'
import { auditEntries } from './audit.ts'
import { equal } from './checks.ts'
import { checkInvariants, lagJobPrefix } from './invariants.ts'
import type { Scenario } from './scenario.ts'
import { watchPhases } from './watched.ts'

const rbac = join(import.meta.dirname, '../../rbac/private-brokers')
/** Where only the cluster knows the brokers’ address. */
const secret = 'kafka-access'
/** What was deleted may take so long to be gone: Kubernetes collects what belonged to it. */
const goneWithinMs = 60_000
/** Phases that ask for lag, in both environments; with one Job for each look there would be dozens. */
const mostJobs = 10

/** Only the cluster reaches the brokers, and only a Secret in it knows where they are. */
export const privateBrokers: Scenario = {
  name: 'private-brokers',
  title: 'only the cluster knows the brokers: a Job in it reads the lag; green, and nothing of it is left',
  async play(stage) {
    const { world, checks } = stage
    const { auditLog } = world.cluster
    await buildNodeImage(world.images)
    await Promise.all(environments.map(({ namespace }) => giveAccess(world, namespace)))
    const earlier = auditLog === undefined ? 0 : (await jobsMade(auditLog)).length
    try {
      const deployed = await stage.deploy({
        version: 'v1.1.0',
        runbook: (document) => {
          document.setIn(
            ['kafka'],
            document.createNode({
              source: 'job',
              brokers: ['${PRIVATE_BROKERS}'],
              job: { image: nodeImage, secrets: { PRIVATE_BROKERS: `${secret}/brokers` }, every: '1s' },
            }),
          )
        },
      })
      await checks.that('the run is green', () => equal(deployed.result.conclusion, 'success'))
      await checks.that('lag was read before the rollout and while it was watched, by a Job', async () => {
        const { latest } = await recordStore(world.api, production).load()
        const asked = new Set(['preflight', 're-check', 'critical', 'important'])
        const phases = latest?.phases.filter(({ phase }) => asked.has(phase)) ?? []
        const found = phases.map(({ gates }) => gates.find(({ gate }) => gate === 'consumer-lag'))
        const from = `read from kafka at \${PRIVATE_BROKERS}, by a Job in ${production.namespace}`
        return {
          ok:
            found.length === asked.size &&
            found.every((gate) => gate?.verdict === 'pass' && gate.evidence.includes(from)),
          found: found.map((gate) => `${gate?.verdict ?? 'not asked'}: ${gate?.answer ?? ''}`).join(' '),
        }
      })
      await checks.that('the watch saw the lag again and again', async () => {
        const gates = (await watchPhases(stage)).at(-1)?.gates ?? []
        const values = gates.find(({ gate }) => gate === 'consumer-lag')?.history?.values ?? []
        const known = values.filter((value) => value !== null).length
        return { ok: known >= 5, found: `${known} readings` }
      })
      await checks.that('the address of the brokers is in nothing that was printed', () => {
        const summaries = deployed.result.jobs.flatMap((job) => job.summaries).join('\n')
        const printed = `${deployed.result.log}\n${summaries}`
        const found = world.kafka.brokers.filter((broker) => printed.includes(broker))
        return equal(found, [])
      })
      if (auditLog !== undefined) {
        await checks.that('a Job read for a whole phase, not for one look', async () => {
          const made = (await jobsMade(auditLog)).length - earlier
          return { ok: made >= 3 && made <= mostJobs, found: `${made} Jobs` }
        })
      }
      await checks.that('no Job, pod or ConfigMap of it is left', () => untilGone(world))
      await checkInvariants(stage, deployed)
    } finally {
      await Promise.all(environments.map(({ namespace }) => takeAccess(world, namespace)))
    }
  },
}

async function giveAccess({ cluster, kafka }: World, namespace: string): Promise<void> {
  const manifest = JSON.stringify({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: secret },
    stringData: { brokers: kafka.brokers.join(',') },
  })
  await cluster.kubectlRun(['apply', '-n', namespace, '-f', '-'], manifest)
  await cluster.kubectlRun(['apply', '-n', namespace, '-f', rbac])
}

async function takeAccess({ cluster }: World, namespace: string): Promise<void> {
  await cluster.kubectlRun(['delete', 'secret', secret, '-n', namespace])
  await cluster.kubectlRun(['delete', '-n', namespace, '-f', rbac])
}

async function jobsMade(auditLog: string): Promise<string[]> {
  const entries = await auditEntries(auditLog)
  return entries.flatMap(({ verb, resource, name = '' }) =>
    verb === 'create' && resource === 'jobs' && name.startsWith(lagJobPrefix) ? [name] : [],
  )
}

async function untilGone({ cluster }: World): Promise<{ ok: boolean; found: string }> {
  const selector = ['-l', 'app.kubernetes.io/component=runbook-lag', '-o', 'name']
  const until = performance.now() + goneWithinMs
  for (;;) {
    const left = await Promise.all(
      environments.map(({ namespace }) =>
        cluster.kubectlRun(['get', 'jobs,pods,configmaps', '-n', namespace, ...selector]),
      ),
    )
    const names = left.flatMap((text) => text.split('\n')).filter((name) => name !== '')
    if (names.length === 0 || performance.now() > until)
      return { ok: names.length === 0, found: names.join(', ') }
    await delay(200)
  }
}
