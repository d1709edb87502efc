import { production } from '../world/environment.ts'
import { withTraffic } from '../world/traffic.ts'
import { checkBlocked } from './blocked.ts'
import { look } from './observe.ts'
import type { Scenario } from './scenario.ts'

/** A quiet night: nothing is wrong, and nothing is shown. No traffic is not 0 % errors. */
export const noTraffic: Scenario = {
  name: 'no-traffic',
  title: 'no message flows in production: inconclusive, so blocked before anything is written',
  play: (stage) =>
    withTraffic(stage.world, production, 0, async () => {
      const before = await look(stage.world, production)
      const deployed = await stage.deploy({ version: 'v1.1.0' })
      await checkBlocked(stage, deployed, before, {
        at: 'preflight',
        reason: /error-rate is inconclusive/,
        ticketSays: ['error-rate'],
      })
    }),
}
