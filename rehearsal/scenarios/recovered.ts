import { production } from '../world/environment.ts'
import { recordStore } from '../world/seed.ts'
import { equal } from './checks.ts'
import { look, type Found } from './observe.ts'
import type { Stage } from './scenario.ts'

/** Each of these Deployments runs v1.1.0 on all its pods, and was written exactly once since it was looked at before. */
export async function checkWrittenOnce(
  { checks }: Stage,
  before: Readonly<Record<string, Found>>,
  after: Readonly<Record<string, Found>>,
): Promise<void> {
  for (const [name, { generation, pods, ready, old, image }] of Object.entries(after)) {
    await checks.that(`${name}: v1.1.0 on all pods, written once`, () =>
      equal(
        {
          version: /:(v[\d.]+)(?:@|$)/.exec(image)?.[1],
          ready,
          old,
          writes: generation - (before[name]?.generation ?? 0),
        },
        { version: 'v1.1.0', ready: pods, old: 0, writes: 1 },
      ),
    )
  }
}

/** A deployment of v1.1.0 that was interrupted has ended as if nothing had happened. */
export async function checkRecovered(
  stage: Stage,
  before: Readonly<Record<string, Found>>,
  commit: string,
): Promise<void> {
  const { world, checks } = stage
  await checkWrittenOnce(stage, before, await look(world, production))
  const { latest, knownGood } = await recordStore(world.api, production).load()
  await checks.that(
    'v1.1.0 is the good release, and the state to go back to is v1.0.0, for every component',
    () => {
      const kept = latest?.snapshot?.deployments.map(({ template }) => JSON.stringify(template)) ?? []
      return equal(
        [knownGood?.version, ...kept.map((text) => /registry\.local\/[\w-]+:(v[\d.]+)/.exec(text)?.[1])],
        ['v1.1.0', 'v1.0.0', 'v1.0.0', 'v1.0.0'],
      )
    },
  )
  await checks.that('the deployment log has one line, of the success', async () => {
    const log = await world.repository.inBare('show', 'deployment-log:deployment-log.txt')
    const lines = log.trim().split('\n')
    return equal([lines.length, lines[0]?.includes('Deployed v1.1.0')], [1, true])
  })
  await checks.that('v1.1.0-prod is on the released commit', async () =>
    equal(await world.repository.inBare('rev-parse', 'v1.1.0-prod^{commit}'), commit),
  )
}
