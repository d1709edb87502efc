import { production, staging } from '../world/environment.ts'
import { equal, says } from './checks.ts'
import { checkInvariants } from './invariants.ts'
import { look } from './observe.ts'
import type { Scenario } from './scenario.ts'
import { checkTicket } from './ticket.ts'

/** Somebody presses "Re-run all jobs" on a deployment that passed. */
export const rerun: Scenario = {
  name: 'rerun',
  title: 'a run that passed is run again: green, nothing is changed, no second log line, tag or ticket',
  async play(stage) {
    const { world, checks } = stage
    const first = await stage.deploy({ version: 'v1.1.0' })
    await checks.that('the first attempt is green', () => equal(first.result.conclusion, 'success'))
    const stand = async () => ({
      staging: await look(world, staging),
      production: await look(world, production),
      refs: await world.repository.inBare('for-each-ref', 'refs/tags', 'refs/heads'),
    })
    const before = await stand()

    const second = await stage.rerun(first)
    await checks.that('the second attempt is green', () => equal(second.result.conclusion, 'success'))
    await checks.that('it says that nothing was changed', () => {
      const summaries = second.result.jobs.flatMap((job) => job.summaries).join('\n')
      return says(summaries, 'production runs v1.1.0 already')
    })
    const after = await stand()
    await checks.that('no Deployment was written, in neither environment', () =>
      equal([after.staging, after.production], [before.staging, before.production]),
    )
    await checks.that('log, records and tags are what they were', () => equal(after.refs, before.refs))
    await checks.that('the log has one line', async () => {
      const log = await world.repository.inBare('show', 'deployment-log:deployment-log.txt')
      return equal(log.split('\n').length, 1)
    })
    await checkTicket(stage, {
      state: 'closed',
      firstLine: /^## ✅ v1\.1\.0 is live in production$/,
      says: ['This is attempt 2 of the run'],
    })
    await checkInvariants(stage, second)
  },
}
