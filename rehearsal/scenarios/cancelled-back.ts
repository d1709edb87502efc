import { equal } from './checks.ts'
import { checkInvariants } from './invariants.ts'
import { rollsDownloadWorker } from './mid-rollout.ts'
import { checkRolledBack, standOf } from './rolled-back.ts'
import type { Scenario } from './scenario.ts'

/** A team that wants no half-way production after "Cancel workflow" says so in its runbook file. */
export const cancelledBack: Scenario = {
  name: 'cancelled-back',
  title: 'cancelled in the middle of production with rollback.on-cancel: rollback: production is back',
  async play(stage) {
    const { world, checks } = stage
    const before = await standOf(world)
    const deployed = await stage.deploy({
      version: 'v1.1.0',
      runbook: (document) => {
        document.setIn(['rollback', 'on-cancel'], 'rollback')
      },
      meanwhile: async (started) => {
        await rollsDownloadWorker(started)
        started.run.cancel()
      },
    })
    await checks.that('the run is cancelled', () => equal(deployed.result.conclusion, 'cancelled'))
    await checkRolledBack(stage, before, deployed, 'cancelled')
    await checkInvariants(stage, deployed)
  },
}
