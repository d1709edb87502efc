import { splitPods, type ComponentState } from '../../packages/shared/src/cluster/component.ts'
import { production } from '../world/environment.ts'
import { checkDiagnosed, failedRollout } from './diagnosed.ts'
import { checkInvariants } from './invariants.ts'
import { lookUntil } from './look-until.ts'
import { checkRolledBack, standOf } from './rolled-back.ts'
import type { Scenario } from './scenario.ts'
import { checkRed } from './untouched.ts'

const cause = 'missing environment variable ONELAKE_URL'
/** From the second restart until the rollout has ended, its logs and events read. */
const limitMs = 10_000

/** What staging could not show: a variable that only production lacks. */
export const crashLoop: Scenario = {
  name: 'crash-loop',
  title:
    'the release crashes in production only: red within 10 s of the second restart, with the cause from its log; rolled back',
  async play(stage) {
    const { world, checks } = stage
    const before = await standOf(world)
    let restarted: Date | undefined
    const deployed = await stage.deploy({
      version: 'v1.1.0',
      faults: { [production.namespace]: { crash: cause } },
      meanwhile: async (started) => {
        restarted = await lookUntil(world, production, started, 'event-ingester', secondRestart)
      },
    })
    await checkRed(
      stage,
      deployed,
      /event-ingester: Pod \S+: its container crashes at every start: the environment variable ONELAKE_URL is missing \(exit code 1, restarted \d+ times\); its log says: "missing environment variable ONELAKE_URL"/,
    )
    await checks.that('the rollout ended at most 10 s after the second restart', async () => {
      const { endedAt } = await failedRollout(world)
      if (restarted === undefined) return { ok: false, found: 'no pod restarted twice' }
      const afterMs = Date.parse(endedAt) - restarted.getTime()
      return { ok: afterMs >= 0 && afterMs <= limitMs, found: `${(afterMs / 1000).toFixed(1)} s` }
    })
    await checkDiagnosed(
      stage,
      deployed,
      'missing-environment-variable',
      /event-ingester\S* \| missing environment variable ONELAKE_URL/,
    )
    await checkRolledBack(stage, before, deployed, 'failed')
    await checkInvariants(stage, deployed)
  },
}

/** When a pod of the new version began its third run; the API's times are whole seconds. */
function secondRestart(state: ComponentState): Date | undefined {
  for (const pod of splitPods(state).current) {
    const status = pod.status?.containerStatuses?.find(({ restartCount }) => restartCount >= 2)
    const run = status?.state?.terminated ?? status?.state?.running ?? status?.lastState?.terminated
    if (run?.startedAt !== undefined) return new Date(run.startedAt)
  }
  return undefined
}
