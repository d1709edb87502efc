import { production } from '../world/environment.ts'
import { checkBlocked } from './blocked.ts'
import { look } from './observe.ts'
import type { Scenario } from './scenario.ts'

/** A team freezes some days; a release that is pushed then waits for another day. */
export const windowClosed: Scenario = {
  name: 'window-closed',
  title: 'an avoided time: blocked before anybody is asked to approve, production untouched',
  async play(stage) {
    const before = await look(stage.world, production)
    const today = new Date().toISOString().slice(0, 10)
    const tomorrow = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10)
    const deployed = await stage.deploy({
      version: 'v1.1.0',
      runbook: (document) => {
        document.setIn(
          ['window', 'freezes'],
          document.createNode([{ from: today, to: tomorrow, reason: 'year-end close' }]),
        )
      },
    })
    await checkBlocked(stage, deployed, before, {
      at: 'preflight',
      reason: /deployment-window is fail: .*year-end close/,
      ticketSays: ['year-end close'],
    })
  },
}
