import { production, staging } from '../world/environment.ts'
import { checkInvariants } from './invariants.ts'
import { look } from './observe.ts'
import type { Scenario } from './scenario.ts'
import { checkTicket } from './ticket.ts'
import { checkRed, checkSkipped, checkUntouched } from './untouched.ts'

/** What staging is for: the release crashes there, and production never hears of it. */
export const stagingFails: Scenario = {
  name: 'staging-fails',
  title: 'the release crashes in staging: red with the reason, production untouched',
  async play(stage) {
    const before = await look(stage.world, production)
    const deployed = await stage.deploy({
      version: 'v1.1.0',
      faults: { [staging.namespace]: { crash: 'missing environment variable ONELAKE_URL' } },
    })
    await checkRed(stage, deployed, /its container crashes at every start/)
    await checkSkipped(stage, deployed, ['Preflight', 'Approval', 'Production'])
    await checkUntouched(stage, before)
    await checkTicket(stage, {
      state: 'open',
      firstLine: /^## 🟥 production is unchanged: v1\.1\.0 failed in staging$/,
      label: 'deployment-failed',
    })
    await checkInvariants(stage, deployed)
  },
}
