import { production, untilSettled } from '../world/environment.ts'
import { recordStore } from '../world/seed.ts'
import { equal } from './checks.ts'
import { checkInvariants } from './invariants.ts'
import { rollsDownloadWorker } from './mid-rollout.ts'
import { look } from './observe.ts'
import { checkRecovered } from './recovered.ts'
import type { Scenario } from './scenario.ts'

/** The runner's machine is lost while production rolls; then somebody presses "Re-run all jobs". */
export const killed: Scenario = {
  name: 'killed',
  title:
    'the runner is lost in the middle of production: the re-run goes on and ends as if nothing had happened',
  async play(stage) {
    const { world, checks } = stage
    const since = new Date()
    const before = await look(world, production)
    const lost = await stage.deploy({
      version: 'v1.1.0',
      meanwhile: async (started) => {
        await rollsDownloadWorker(started)
        await started.run.kill()
      },
    })
    await checks.that('the run is red', () => equal(lost.result.conclusion, 'failure'))
    await checks.that('production’s record has the state to go back to', async () => {
      const { latest } = await recordStore(world.api, production).load()
      return equal([latest?.version, latest?.snapshot?.deployments.length], ['v1.1.0', 3])
    })
    // Kubernetes goes on by itself with what was written.
    await untilSettled(world.api, production, since)

    const again = await stage.rerun(lost)
    await checks.that('the re-run is green', () => equal(again.result.conclusion, 'success'))
    await checkRecovered(stage, before, again.commit)
    await checkInvariants(stage, again)
  },
}
