import { engineer } from '../world/caller-repository.ts'
import { production } from '../world/environment.ts'
import { checkInvariants } from './invariants.ts'
import { look } from './observe.ts'
import type { Scenario } from './scenario.ts'
import { checkTicket } from './ticket.ts'
import { checkRed, checkSkipped, checkUntouched } from './untouched.ts'

/** Something is wrong with production already, and somebody works on it. */
export const incidentOpen: Scenario = {
  name: 'incident-open',
  title: 'an incident is open: blocked before anybody is asked to approve, production untouched',
  async play(stage) {
    const before = await look(stage.world, production)
    stage.world.github.state.issues.open({
      title: 'Downloads fail since noon',
      author: engineer,
      labels: ['incident'],
    })
    const deployed = await stage.deploy({ version: 'v1.1.0' })
    await checkRed(
      stage,
      deployed,
      /no-active-incident is fail: 1 incident is open: #\d+ Downloads fail since noon/,
    )
    await checkSkipped(stage, deployed, ['Approval', 'Production'])
    await checkUntouched(stage, before)
    await checkTicket(stage, {
      state: 'open',
      firstLine: /^## 🟥 production is unchanged: v1\.1\.0 is blocked at preflight$/,
      label: 'deployment-blocked',
      says: ['Downloads fail since noon'],
    })
    await checkInvariants(stage, deployed)
  },
}
