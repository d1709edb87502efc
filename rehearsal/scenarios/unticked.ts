import { production } from '../world/environment.ts'
import { equal } from './checks.ts'
import { checkInvariants } from './invariants.ts'
import { look } from './observe.ts'
import type { Scenario } from './scenario.ts'
import { checkTicket } from './ticket.ts'
import { checkRed, checkSkipped, checkUntouched } from './untouched.ts'

/** Nobody answers what only people can answer, and the approver approves all the same. */
export const unticked: Scenario = {
  name: 'unticked',
  title: 'the checklist is not ticked: blocked at the approval, production untouched',
  async play(stage) {
    const before = await look(stage.world, production)
    const deployed = await stage.deploy({ version: 'v1.1.0', people: { tick: false } })
    await stage.checks.that('preflight told of it and did not stop: the run waits for its approval', () => {
      const preflight = deployed.result.jobs.find(({ name }) => name.endsWith('Preflight'))
      return equal(
        [preflight?.result, deployed.result.log.includes('4 lines to tick in #')],
        ['success', true],
      )
    })
    await checkRed(
      stage,
      deployed,
      /Approved by marc, but checklist is fail: Not ticked in #\d+: "Load test", "Rollback plan"/,
    )
    await checkSkipped(stage, deployed, ['Production'])
    await checkUntouched(stage, before)
    await checkTicket(stage, {
      state: 'open',
      firstLine: /^## 🟥 production is unchanged: v1\.1\.0 is blocked at approve$/,
      label: 'deployment-blocked',
      says: ['- [ ] Load test: performance is validated under the expected load'],
    })
    await checkInvariants(stage, deployed)
  },
}
