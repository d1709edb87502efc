import { production } from '../world/environment.ts'
import { recordStore } from '../world/seed.ts'
import { checkCaughtUp } from './caught-up.ts'
import { equal, says } from './checks.ts'
import { rollbackFromTerminal } from './from-terminal.ts'
import { checkInvariants } from './invariants.ts'
import { checkBack, checkLockFree, standOf } from './rolled-back.ts'
import type { Scenario } from './scenario.ts'

/** No workflow can be started at all; somebody has a laptop and a kubeconfig. */
export const actionsDown: Scenario = {
  name: 'actions-down',
  title: 'GitHub is down and what is live is bad: back from a laptop with a kubeconfig alone',
  async play(stage) {
    const { world, checks } = stage
    const before = await standOf(world)
    const deployed = await stage.deploy({ version: 'v1.1.0' })
    await checks.that('v1.1.0 is live', () => equal(deployed.result.conclusion, 'success'))
    const [ticket] = world.github.state.issues.list()
    await checks.that('the ticket tells the command', () =>
      says(
        ticket?.body ?? '',
        'node actions/rollback/dist/index.js --pipeline kafka-pipeline --environment production',
      ),
    )

    const repair = world.github.state.faults.start('reset')
    const done = await rollbackFromTerminal(world, 'data corruption', 'before')
    repair()
    await checks.that('the command ends well, and says how production stands', () => ({
      ok: done.code === 0 && done.output.includes('production is back on v1.0.0'),
      found: `exit ${done.code}: ${done.output.slice(-300)}`,
    }))
    await checkBack(stage, before)
    await checks.that('v1.0.0 is known good again, and v1.1.0 is marked', async () => {
      const store = recordStore(world.api, production)
      const { knownGood } = await store.load()
      const { bad } = await store.history()
      return equal(
        [knownGood?.version, bad.map(({ version, reason }) => [version, reason])],
        ['v1.0.0', [['v1.1.0', 'data corruption']]],
      )
    })
    await checkLockFree(stage)
    await checkCaughtUp(stage, 'reopened')
    await checkInvariants(stage, deployed)
  },
}
