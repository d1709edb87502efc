import { engineer } from '../world/caller-repository.ts'
import { production } from '../world/environment.ts'
import { checkBlocked } from './blocked.ts'
import { look } from './observe.ts'
import type { Scenario } from './scenario.ts'

/** Something is wrong with production already: somebody works on it, and an alert fires. */
export const incidentOpen: Scenario = {
  name: 'incident-open',
  title:
    'an incident is open and an alert fires: blocked before anybody is asked to approve, production untouched',
  async play(stage) {
    const before = await look(stage.world, production)
    stage.world.github.state.issues.open({
      title: 'Downloads fail since noon',
      author: engineer,
      labels: ['incident'],
    })
    await stage.world.alertmanager.fire({ alertname: 'OneLakeUnavailable', severity: 'critical' })
    // Nobody is woken for this one: it must not keep a release away.
    await stage.world.alertmanager.fire({ alertname: 'DiskHalfFull', severity: 'warning' })
    const deployed = await stage.deploy({ version: 'v1.1.0' })
    await checkBlocked(stage, deployed, before, {
      at: 'preflight',
      reason:
        /no-active-incident is fail: 1 incident is open: #\d+ Downloads fail since noon\. Alerts fire: OneLakeUnavailable\./,
      ticketSays: ['Downloads fail since noon', 'Alerts fire: OneLakeUnavailable.'],
    })
  },
}
