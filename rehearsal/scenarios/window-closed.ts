import { production } from '../world/environment.ts'
import { checkInvariants } from './invariants.ts'
import { look } from './observe.ts'
import type { Scenario } from './scenario.ts'
import { checkTicket } from './ticket.ts'
import { checkRed, checkSkipped, checkUntouched } from './untouched.ts'

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
    await checkRed(stage, deployed, /deployment-window is fail: .*year-end close/)
    await checkSkipped(stage, deployed, ['Approval', 'Production'])
    await checkUntouched(stage, before)
    await checkTicket(stage, {
      state: 'open',
      firstLine: /^## 🟥 production is unchanged: v1\.1\.0 is blocked at preflight$/,
      label: 'deployment-blocked',
      says: ['year-end close'],
    })
    await checkInvariants(stage, deployed)
  },
}
