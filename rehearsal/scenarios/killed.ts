import { engineer } from '../world/caller-repository.ts'
import { production, untilSettled } from '../world/environment.ts'
import { recordStore } from '../world/seed.ts'
import { equal, says } from './checks.ts'
import { checkInvariants } from './invariants.ts'
import { rollsDownloadWorker } from './mid-rollout.ts'
import { look } from './observe.ts'
import { checkRecovered } from './recovered.ts'
import type { Scenario } from './scenario.ts'
import { checkRed } from './untouched.ts'

/** The runner's machine is lost while production rolls; then somebody presses "Re-run all jobs". */
export const killed: Scenario = {
  name: 'killed',
  title:
    'the runner is lost in the middle of production: a re-run that is blocked says how production stands, the next one goes on and ends as if nothing had happened',
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

    const { issues } = world.github.state
    const incident = issues.open({ title: 'Downloads are slow', author: engineer, labels: ['incident'] })
    const blocked = await stage.rerun(lost)
    await checkRed(stage, blocked, /no-active-incident is fail/)
    await checks.that('a re-run that is blocked does not call production unchanged', () => {
      const ticket = issues.list().find(({ labels }) => labels.some(({ name }) => name === 'deployment'))
      return says(
        ticket?.body ?? '',
        /^## 🟥 production is not on v1\.0\.0 any more, since an earlier attempt: v1\.1\.0 is blocked at preflight\n/,
      )
    })
    issues.close(incident, engineer)

    const again = await stage.rerun(blocked)
    await checks.that('the re-run is green', () => equal(again.result.conclusion, 'success'))
    await checkRecovered(stage, before, again.commit)
    await checkInvariants(stage, again)
  },
}
