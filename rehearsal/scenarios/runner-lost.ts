import { production } from '../world/environment.ts'
import { recordStore } from '../world/seed.ts'
import { equal, says } from './checks.ts'
import { checkInvariants } from './invariants.ts'
import { rollsDownloadWorker } from './mid-rollout.ts'
import { look } from './observe.ts'
import { checkRecovered } from './recovered.ts'
import type { Scenario } from './scenario.ts'

/** Until the lease of the dead job is over, Kubernetes goes on with what was written. */
const found = /production: rolled out: event-ingester.* download-worker; untouched: result-processor/

/** The machine of the job Production is lost while it rolls; nobody presses anything. */
export const runnerLost: Scenario = {
  name: 'runner-lost',
  title:
    'the machine of Production is lost in the middle of it: the job Resume takes over its lock and ends it',
  async play(stage) {
    const { world, checks } = stage
    const before = await look(world, production)
    const deployed = await stage.deploy({
      version: 'v1.1.0',
      meanwhile: async (started) => {
        await rollsDownloadWorker(started)
        await started.run.lose('production')
      },
    })
    const { result } = deployed
    const job = (id: string) => result.jobs.find((each) => each.id === id)
    await checks.that('Production is red and has handed on nothing; Resume and Finish are green', () =>
      equal(
        [
          result.conclusion,
          job('production')?.result,
          job('production')?.outputs,
          job('resume')?.result,
          job('finish')?.result,
        ],
        ['failure', 'failure', {}, 'success', 'success'],
      ),
    )
    await checks.that('it waited for the lease of the dead job, and said whose lock it took', () =>
      says(
        result.log,
        /The lock was taken over from run \d+ by rosa \(v1\.1\.0\), which was last heard of at/,
      ),
    )
    const { latest } = await recordStore(world.api, production).load()
    await checks.that('the record tells the story', () =>
      equal(
        latest?.phases.map(({ phase, outcome }) => `${phase} ${outcome}`),
        [
          'plan passed',
          'preflight passed',
          'approve passed',
          're-check passed',
          'resume passed',
          'rollout passed',
          'validate passed',
          'critical passed',
          'important passed',
        ],
      ),
    )
    await checks.that('it says how production was found', () =>
      says(latest?.phases.find(({ phase }) => phase === 'resume')?.reason ?? '', found),
    )
    await checks.that('the ticket tells it, too, and is closed', () => {
      const [ticket] = world.github.state.issues.list()
      const told = says(ticket?.body ?? '', found)
      return ticket?.state === 'closed' ? told : { ok: false, found: `it is ${ticket?.state ?? 'not there'}` }
    })
    await checkRecovered(stage, before, deployed.commit)
    await checkInvariants(stage, deployed)
  },
}
