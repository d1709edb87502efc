import { production } from '../world/environment.ts'
import { checkInvariants } from './invariants.ts'
import { look } from './observe.ts'
import type { Scenario } from './scenario.ts'
import { checkTicket } from './ticket.ts'
import { checkRed, checkSkipped, checkUntouched } from './untouched.ts'

/** Somebody pushes a commit past the pull requests and tags it. */
export const unreviewed: Scenario = {
  name: 'unreviewed',
  title: 'a commit came by no pull request: blocked with its name, production untouched',
  async play(stage) {
    const before = await look(stage.world, production)
    const deployed = await stage.deploy({ version: 'v1.1.0', people: { isReviewed: false } })
    const short = deployed.commit.slice(0, 7)
    await checkRed(
      stage,
      deployed,
      new RegExp(`change-reviewed is fail: 1 commit came by no pull request: ${short}\\.`),
    )
    await checkSkipped(stage, deployed, ['Approval', 'Production'])
    await checkUntouched(stage, before)
    await checkTicket(stage, {
      state: 'open',
      firstLine: /^## 🟥 production is unchanged: v1\.1\.0 is blocked at preflight$/,
      label: 'deployment-blocked',
      says: [`${short} by rosa, pushed directly`],
    })
    await checkInvariants(stage, deployed)
  },
}
