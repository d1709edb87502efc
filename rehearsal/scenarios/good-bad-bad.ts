import { production } from '../world/environment.ts'
import { recordStore } from '../world/seed.ts'
import { equal, says } from './checks.ts'
import { checkInvariants } from './invariants.ts'
import { checkBack, checkLockFree, standOf } from './rolled-back.ts'
import type { Scenario } from './scenario.ts'
import { checkRed } from './untouched.ts'

/** The revision before the second bad release is the first bad one: that is where "undo" would go. */
export const goodBadBad: Scenario = {
  name: 'good-bad-bad',
  title: 'v1.1.0 is given up unwatched, v1.2.0 crashes on top of it: back to v1.0.0, which was good',
  async play(stage) {
    const { world, checks } = stage
    const good = await standOf(world)
    const first = await stage.deploy({
      version: 'v1.1.0',
      runbook: (document) => {
        document.setIn(['lock', 'handover'], '1s')
      },
      meanwhile: async ({ run }) => {
        await run.until((event) => event.type === 'step-started' && event.step.id === 'critical')
        run.cancel()
      },
    })
    await checks.that('the first run is cancelled, and v1.1.0 stays as it is', async () => {
      const { components } = await standOf(world)
      const versions = Object.values(components).map(({ image }) => /:(v[\d.]+)@/.exec(image)?.[1])
      return equal([first.result.conclusion, ...versions], ['cancelled', 'v1.1.0', 'v1.1.0', 'v1.1.0'])
    })

    const second = await stage.deploy({
      version: 'v1.2.0',
      faults: { [production.namespace]: { crash: 'missing environment variable ONELAKE_URL' } },
      faultsOf: ['download-worker'],
    })
    await checkRed(stage, second, /download-worker: .*crashes at every start/)
    await checkBack(stage, good)
    await checks.that(
      'v1.0.0 is still the good release; v1.2.0 was taken back to it, and is marked',
      async () => {
        const store = recordStore(world.api, production)
        const { latest, knownGood } = await store.load()
        const { bad } = await store.history()
        return equal(
          [latest?.version, latest?.rollback?.version, knownGood?.version, bad.map(({ version }) => version)],
          ['v1.2.0', 'v1.0.0', 'v1.0.0', ['v1.2.0']],
        )
      },
    )
    await checks.that('the summary of the run says first that production is back on v1.0.0', () =>
      says(
        second.result.jobs.find(({ id }) => id === 'finish')?.summaries.join('\n') ?? '',
        /^## 🟧 production is back on v1\.0\.0: v1\.2\.0 was rolled back\n/,
      ),
    )
    await checkLockFree(stage)
    await checkInvariants(stage, second)
  },
}
