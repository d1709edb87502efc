import type { GoingBackCause } from '../../packages/shared/src/record/schema.ts'
import { production } from '../world/environment.ts'
import { recordStore } from '../world/seed.ts'
import type { World } from '../world/world.ts'
import { equal, says } from './checks.ts'
import { configMapName, readConfigMap } from './configuration.ts'
import { look, type Found } from './observe.ts'
import type { Deployed, Stage } from './scenario.ts'
import { checkTicket } from './ticket.ts'
import { checkNoTag } from './untouched.ts'

/** How production stands: what a rollback must bring back. */
export interface Stand {
  readonly components: Readonly<Record<string, Found>>
  /** The data of the pipeline's ConfigMap, as JSON. */
  readonly configuration: string
}

/** How production stands now. */
export async function standOf(world: World): Promise<Stand> {
  const configuration = await readConfigMap(world, configMapName, '{.data}')
  return { components: await look(world, production), configuration }
}

/** Every pod of production is Ready on the digest of before, no other pod is left, and the configuration is the same. */
export async function checkBack({ world, checks }: Stage, before: Stand): Promise<void> {
  const after = await standOf(world)
  for (const [name, { image, generation: _, ...found }] of Object.entries(after.components)) {
    const { image: was = '', generation: __, ...wanted } = before.components[name] ?? {}
    await checks.that(`${name}: every pod is Ready on what ran before, none of the others left`, () =>
      equal({ ...found, version: versionOf(image) }, { ...wanted, version: versionOf(was) }),
    )
  }
  await checks.that('the configuration is as it was', () => equal(after.configuration, before.configuration))
}

/** A run that took back by itself what it had deployed: on the cluster, in the record, and in all that people read. */
export async function checkRolledBack(
  stage: Stage,
  before: Stand,
  { result }: Deployed,
  cause: GoingBackCause,
): Promise<void> {
  const { world, checks } = stage
  await checkBack(stage, before)
  await checks.that('the job Rollback is green', () =>
    equal(result.jobs.find(({ id }) => id === 'rollback')?.result, 'success'),
  )
  const store = recordStore(world.api, production)
  await checks.that(
    'the record ends with the rollback and why; v1.0.0 is good, v1.1.0 is marked',
    async () => {
      const { latest, knownGood } = await store.load()
      const { bad } = await store.history()
      const { phase, outcome } = latest?.phases.at(-1) ?? {}
      return equal(
        [
          latest?.version,
          phase,
          outcome,
          latest?.rollback?.cause,
          knownGood?.version,
          bad.map((each) => each.version),
        ],
        ['v1.1.0', 'rollback', 'rolled-back', cause, 'v1.0.0', ['v1.1.0']],
      )
    },
  )
  await checkLockFree(stage)
  for (const id of ['rollback', 'finish']) {
    await checks.that(`the summary of ${id} says first that production is back`, () =>
      says(
        result.jobs.find((job) => job.id === id)?.summaries.join('\n') ?? '',
        /^## 🟧 production is back on v1\.0\.0/,
      ),
    )
  }
  await checks.that('an annotation says that it is back, and why it was taken back', () =>
    says(
      result.annotations.map(({ message }) => message).join('\n'),
      new RegExp(`^production is back on v1\\.0\\.0: v1\\.1\\.0 was rolled back \\(${cause} at `, 'm'),
    ),
  )
  await checks.that('the deployment log tells of the rollback, not of two versions', async () =>
    says(
      await world.repository.inBare('show', 'deployment-log:deployment-log.txt'),
      /: Rolled back v1\.1\.0 to the last known good release, v1\.0\.0 \(/,
    ),
  )
  await checkNoTag(stage)
  await checkTicket(stage, {
    state: 'open',
    firstLine: /^## 🟧 production is back on v1\.0\.0: v1\.1\.0 was rolled back$/,
    label: 'deployment-rolled-back',
  })
}

/** Nobody holds production's lock. */
export async function checkLockFree({ world, checks }: Stage): Promise<void> {
  const lease = ['get', 'lease', 'runbook-kafka-pipeline-production', '-n', production.namespace]
  await checks.that('nobody holds the lock', async () =>
    equal(await world.cluster.kubectlRun([...lease, '-o', 'jsonpath={.spec.holderIdentity}']), ''),
  )
}

function versionOf(image: string): string | undefined {
  return /:(v[\d.]+)(?:@|$)/.exec(image)?.[1]
}
