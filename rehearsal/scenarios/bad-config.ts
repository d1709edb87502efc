import { production } from '../world/environment.ts'
import { recordStore } from '../world/seed.ts'
import { equal, says } from './checks.ts'
import { configuration, pushConfiguration, valuesInPods } from './configuration.ts'
import { checkInvariants } from './invariants.ts'
import { look } from './observe.ts'
import type { Scenario } from './scenario.ts'
import { checkTicket } from './ticket.ts'

/** A value that the code cannot use, in the file of the repository: reviewed, approved and wrong. */
export const badConfig: Scenario = {
  name: 'bad-config',
  title: 'pods crash with the new configuration: rolled back together with the ConfigMap, the run red',
  async play(stage) {
    const { world, checks } = stage
    const { repository } = world
    const before = await look(world, production)
    const old = await configuration(world)
    const bad = { ...old, DOWNLOAD_CONCURRENCY: 'many', KAFKA_TRIAL: 'on' }
    await pushConfiguration(world, bad, 'More downloads at the same time')

    const result = await stage.changeConfiguration({})
    await checks.that('the run is red', () => equal(result.conclusion, 'failure'))
    const printed = result.jobs.flatMap(({ summaries }) => summaries).join('\n')
    await checks.that('it says why', () => says(printed, /DOWNLOAD\\?_CONCURRENCY/))
    await checks.that('the ConfigMap says what it said', async () => equal(await configuration(world), old))
    await checks.that('every pod has what it had in its environment', async () =>
      equal(
        [await valuesInPods(world, 'DOWNLOAD_CONCURRENCY'), await valuesInPods(world, 'KAFKA_TRIAL')],
        [[old.DOWNLOAD_CONCURRENCY], ['none']],
      ),
    )
    await checks.that('the rollback has asked every pod, also for what the change had added', async () => {
      const { latest } = await recordStore(world.api, production).load()
      const gates = latest?.phases.find(({ phase }) => phase === 'rollback')?.gates ?? []
      const loaded = gates.find(({ gate }) => gate === 'configuration-loaded')
      return says(
        `${loaded?.verdict ?? ''}: ${loaded?.answer ?? ''}`,
        /^pass: .*Gone from all 10 pods with what was removed: 1 variable/,
      )
    })
    for (const [name, found] of Object.entries(await look(world, production))) {
      await checks.that(`${name}: all pods Ready on what ran before, none of the others left`, () =>
        equal([found.digests, found.ready, found.old], [before[name]?.digests, before[name]?.pods, 0]),
      )
    }
    await checks.that('v1.0.0 is known good, and is not marked as bad', async () => {
      const store = recordStore(world.api, production)
      const { knownGood, latest } = await store.load()
      const { bad } = await store.history()
      const last = latest?.phases.findLast(({ phase }) => phase !== 'finish')
      return equal(
        [knownGood?.version, last?.phase, last?.outcome, bad],
        ['v1.0.0', 'rollback', 'rolled-back', []],
      )
    })
    await checks.that('the deployment log tells both', async () =>
      says(
        await repository.inBare('show', 'deployment-log:deployment-log.txt'),
        /Rolled back v1\.0\.0 with a new configuration to the last known good release, v1\.0\.0/,
      ),
    )
    await checkTicket(stage, {
      state: 'open',
      firstLine: /^## 🟧 production is back on v1\.0\.0: v1\.0\.0 with a new configuration was rolled back$/,
      label: 'deployment-rolled-back',
    })
    await checkInvariants(stage, { result })
  },
}
