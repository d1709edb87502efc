import { production } from '../world/environment.ts'
import { recordStore } from '../world/seed.ts'
import { equal, says } from './checks.ts'
import { checkInvariants } from './invariants.ts'
import { rollsDownloadWorker } from './mid-rollout.ts'
import { look } from './observe.ts'
import type { Scenario } from './scenario.ts'
import { checkNoTag } from './untouched.ts'

const stopped =
  'Stopped (cancelled by SIGINT): rolled out: event-ingester; half-way: download-worker; untouched: result-processor.'

/** Somebody presses "Cancel workflow" while production rolls. */
export const cancelled: Scenario = {
  name: 'cancelled',
  title:
    'the run is cancelled in the middle of production: recorded and logged as such, the way back printed',
  async play(stage) {
    const { world, checks } = stage
    const deployed = await stage.deploy({
      version: 'v1.1.0',
      meanwhile: async (started) => {
        await rollsDownloadWorker(started)
        started.run.cancel()
      },
    })
    const { result } = deployed
    await checks.that('the run is cancelled', () => equal(result.conclusion, 'cancelled'))
    await checks.that('it says how production stands', () =>
      says(result.annotations.map(({ message }) => message).join('\n'), stopped),
    )
    await checks.that('the summary prints the way back, the half-way component first', () =>
      says(
        result.jobs.flatMap((job) => job.summaries).join('\n'),
        /rollout undo deployment\/download-worker --to-revision=\d+[\s\S]*rollout undo deployment\/event-ingester --to-revision=\d+/,
      ),
    )
    const found = await look(world, production)
    await checks.that('what was rolled stays, what was not is untouched', () =>
      equal(
        Object.entries(found).map(([name, { image }]) => [name, /:(v[\d.]+)/.exec(image)?.[1]]),
        [
          ['event-ingester', 'v1.1.0'],
          ['download-worker', 'v1.1.0'],
          ['result-processor', 'v1.0.0'],
        ],
      ),
    )
    const { latest, knownGood } = await recordStore(world.api, production).load()
    await checks.that('production’s record says so, and keeps the state to go back to', () => {
      const { phase, outcome, reason } = latest?.phases.at(-1) ?? {}
      return equal(
        [latest?.version, phase, outcome, reason, latest?.snapshot?.deployments.length],
        ['v1.1.0', 'rollout', 'cancelled', stopped, 3],
      )
    })
    await checks.that('v1.0.0 is still the good release', () => equal(knownGood?.version, 'v1.0.0'))
    await checks.that('the deployment log tells of it', async () =>
      says(await world.repository.inBare('show', 'deployment-log:deployment-log.txt'), stopped),
    )
    await checkNoTag(stage)
    await checkInvariants(stage, deployed)
  },
}
