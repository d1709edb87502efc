import { production } from '../world/environment.ts'
import { withTraffic } from '../world/traffic.ts'
import { checkInvariants } from './invariants.ts'
import { look } from './observe.ts'
import type { Scenario } from './scenario.ts'
import { checkRed, checkSkipped, checkUntouched } from './untouched.ts'

/** A quiet night: nothing is wrong, and nothing is shown. No traffic is not 0 % errors. */
export const noTraffic: Scenario = {
  name: 'no-traffic',
  title: 'no message flows in production: inconclusive, so blocked before anything is written',
  play: (stage) =>
    withTraffic(stage.world, production, 0, async () => {
      const before = await look(stage.world, production)
      const deployed = await stage.deploy({ version: 'v1.1.0' })
      await checkRed(stage, deployed, /error-rate is inconclusive/)
      await checkSkipped(stage, deployed, ['Approval', 'Production', 'Watch'])
      await checkUntouched(stage, before)
      await checkInvariants(stage, deployed)
    }),
}
