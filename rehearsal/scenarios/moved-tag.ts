import { production } from '../world/environment.ts'
import { equal } from './checks.ts'
import { checkInvariants } from './invariants.ts'
import { look } from './observe.ts'
import type { Scenario } from './scenario.ts'
import { checkRed, checkSkipped, checkUntouched } from './untouched.ts'

/** Somebody moves the tag after staging has run what it pointed at: what is approved is then something else. */
export const movedTag: Scenario = {
  name: 'moved-tag',
  title: 'the tag is moved after staging ran: blocked at the approval, production untouched',
  async play(stage) {
    const { world, checks } = stage
    const before = await look(world, production)
    const deployed = await stage.deploy({
      version: 'v1.1.0',
      meanwhile: async ({ run }) => {
        await run.until((event) => event.type === 'job-started' && event.job.name.endsWith('Preflight'))
        await world.repository.inBare('update-ref', 'refs/tags/v1.1.0', 'v1.0.0^{commit}')
        stage.timeline.add('somebody moves the tag v1.1.0')
      },
    })
    await checks.that('the questions before the approval had good answers', () => {
      const preflight = deployed.result.jobs.find(({ name }) => name.endsWith('Preflight'))
      return equal(preflight?.result, 'success')
    })
    await checkRed(stage, deployed, /The tag v1\.1\.0 points at [0-9a-f]{40} now; staging ran [0-9a-f]{40}/)
    await checkSkipped(stage, deployed, ['Production'])
    await checkUntouched(stage, before)
    await checkInvariants(stage, deployed)
  },
}
