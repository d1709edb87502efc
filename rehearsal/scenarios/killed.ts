import { production, untilSettled } from '../world/environment.ts'
import { recordStore } from '../world/seed.ts'
import { equal } from './checks.ts'
import { checkInvariants } from './invariants.ts'
import { rollsDownloadWorker } from './mid-rollout.ts'
import { look } from './observe.ts'
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
    const after = await look(world, production)
    for (const [name, { generation, pods, ready, old, image }] of Object.entries(after)) {
      await checks.that(`${name}: v1.1.0 on all pods, written once`, () =>
        equal(
          {
            version: /:(v[\d.]+)@/.exec(image)?.[1],
            ready,
            old,
            writes: generation - (before[name]?.generation ?? 0),
          },
          { version: 'v1.1.0', ready: pods, old: 0, writes: 1 },
        ),
      )
    }
    const { latest, knownGood } = await recordStore(world.api, production).load()
    await checks.that('v1.1.0 is the good release', () => equal(knownGood?.version, 'v1.1.0'))
    await checks.that('the state to go back to is v1.0.0, for every component', () => {
      const images = latest?.snapshot?.deployments.map(({ template }) => JSON.stringify(template)) ?? []
      return equal(
        images.map((template) => /registry\.local\/[\w-]+:(v[\d.]+)/.exec(template)?.[1]),
        ['v1.0.0', 'v1.0.0', 'v1.0.0'],
      )
    })
    await checks.that('the deployment log has one line, of the success', async () => {
      const log = await world.repository.inBare('show', 'deployment-log:deployment-log.txt')
      const deployed = log.split('\n').filter((line) => line.includes('Deployed v1.1.0'))
      return equal([log.trim().split('\n').length, deployed.length], [1, 1])
    })
    await checks.that('v1.1.0-prod is on the released commit', async () =>
      equal(await world.repository.inBare('rev-parse', 'v1.1.0-prod^{commit}'), again.commit),
    )
    await checkInvariants(stage, again)
  },
}
