import { production } from '../world/environment.ts'
import { recordStore } from '../world/seed.ts'
import { checkCaughtUp } from './caught-up.ts'
import { equal } from './checks.ts'
import { checkInvariants } from './invariants.ts'
import { checkBack, checkLockFree, standOf } from './rolled-back.ts'
import type { Scenario } from './scenario.ts'

/** The worst moment for an outage: the release is bad, and production half-way. */
export const githubDown: Scenario = {
  name: 'github-down',
  title: 'GitHub’s API is down while it goes back: production is rolled back, the books are kept later',
  async play(stage) {
    const { world, checks } = stage
    const before = await standOf(world)
    let repair = (): void => undefined
    const deployed = await stage.deploy({
      version: 'v1.1.0',
      faults: { [production.namespace]: { crash: 'missing environment variable ONELAKE_URL' } },
      faultsOf: ['download-worker'],
      meanwhile: async ({ run, finished }) => {
        await run.until((event) => event.type === 'step-started' && event.step.name === 'Roll back')
        repair = world.github.state.faults.start('unavailable')
        await finished
      },
    })
    repair()
    const job = (id: string) => deployed.result.jobs.find((each) => each.id === id)
    await checks.that('the rollback is green; only Finish, which writes to GitHub, is red', () =>
      equal([job('rollback')?.result, job('finish')?.result], ['success', 'failure']),
    )
    await checkBack(stage, before)
    await checks.that('the record in the cluster ends with the rollback', async () => {
      const { latest, knownGood } = await recordStore(world.api, production).load()
      return equal([latest?.phases.at(-1)?.outcome, knownGood?.version], ['rolled-back', 'v1.0.0'])
    })
    await checkLockFree(stage)
    await checkCaughtUp(stage, 'open')
    await checkInvariants(stage, deployed)
  },
}
