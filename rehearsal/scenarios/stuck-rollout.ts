import { production } from '../world/environment.ts'
import { says } from './checks.ts'
import { checkDiagnosed, failedRollout } from './diagnosed.ts'
import { checkInvariants } from './invariants.ts'
import { checkRolledBack, standOf } from './rolled-back.ts'
import type { Scenario } from './scenario.ts'
import { checkRed } from './untouched.ts'

/** Room for staging's consumers to leave their groups on a busy machine. */
const deadline = '45s'
const deadlineMs = 45_000

/** Pods that run and never get ready: nothing is wrong that Kubernetes would call an error. */
export const stuckRollout: Scenario = {
  name: 'stuck-rollout',
  title:
    'the new pods never get ready in production: red at the deadline, with the probe that fails; rolled back',
  async play(stage) {
    const { world, checks } = stage
    const before = await standOf(world)
    const deployed = await stage.deploy({
      version: 'v1.1.0',
      faults: { [production.namespace]: { unready: true } },
      runbook: (document) => {
        document.setIn(['rollout', 'deadline'], deadline)
      },
    })
    await checkRed(
      stage,
      deployed,
      /event-ingester: Pod \S+: it runs but is not ready: its readiness probe failed .*statuscode: 503/,
    )
    await checks.that('it was given its deadline, and not more', async () => {
      const { startedAt, endedAt } = await failedRollout(world)
      const tookMs = Date.parse(endedAt) - Date.parse(startedAt)
      return { ok: tookMs >= deadlineMs && tookMs < 2 * deadlineMs, found: `${(tookMs / 1000).toFixed(1)} s` }
    })
    await checks.that('the log told how far it was', () =>
      says(
        deployed.result.log,
        /Waiting for deployment "event-ingester" rollout to finish: 1 out of 2 new replicas have been updated\.\.\./,
      ),
    )
    await checkDiagnosed(stage, deployed, 'readiness-probe', /Unhealthy.*Readiness probe failed: .*503/)
    await checks.that('the old event ingesters served all the time', async () => {
      const seen = (await failedRollout(world)).availability?.find(
        ({ deployment }) => deployment === 'event-ingester',
      )
      const pods = before.components['event-ingester']?.pods ?? Infinity
      return { ok: (seen?.fewestReady ?? 0) >= pods, found: JSON.stringify(seen) }
    })
    await checkRolledBack(stage, before, deployed, 'failed')
    await checkInvariants(stage, deployed)
  },
}
