import { production } from '../world/environment.ts'
import { checkBlocked } from './blocked.ts'
import { equal } from './checks.ts'
import { look } from './observe.ts'
import type { Scenario } from './scenario.ts'

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
    await checkBlocked(stage, deployed, before, {
      at: 'approve',
      reason: /Approved by marc, but checklist is fail: Not ticked in #\d+: "Load test", "Rollback plan"/,
      ticketSays: ['- [ ] Load test: performance is validated under the expected load'],
    })
  },
}
