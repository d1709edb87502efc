import { production } from '../world/environment.ts'
import { equal } from './checks.ts'
import { checkDiagnosed } from './diagnosed.ts'
import { checkInvariants } from './invariants.ts'
import { look } from './observe.ts'
import type { Scenario, Stage } from './scenario.ts'
import { checkNoTag, checkRed } from './untouched.ts'

const quota = 'team-quota'

/** Production is full: the one more pod that a rolling update needs is not allowed. */
export const outOfQuota: Scenario = {
  name: 'out-of-quota',
  title:
    'the namespace’s quota has no room for one more pod: red with the quota’s numbers, all old pods serving',
  async play(stage) {
    const { world, checks } = stage
    const before = await look(world, production)
    const pods = Object.values(before).reduce((sum, found) => sum + found.pods, 0)
    await limitPods(stage, pods)
    try {
      const deployed = await stage.deploy({
        version: 'v1.1.0',
        runbook: (document) => {
          document.setIn(['rollout', 'unschedulable'], '10s')
        },
      })
      const numbers = `pods: asked 1, used ${pods}, limited to ${pods}`
      await checkRed(
        stage,
        deployed,
        new RegExp(
          `event-ingester: Kubernetes refuses to make its pods: the quota "${quota}" is exceeded \\(${numbers}\\)`,
        ),
      )
      await checkDiagnosed(stage, deployed, 'quota', /FailedCreate.*exceeded quota: team-quota/)
      await checks.that('all old pods still serve', async () => {
        const after = await look(world, production)
        return equal(
          Object.values(after).map(({ ready }) => ready),
          Object.values(before).map((found) => found.pods),
        )
      })
      await checkNoTag(stage)
      await checkInvariants(stage, deployed)
    } finally {
      await world.cluster.kubectlRun(['delete', 'resourcequota', quota, '-n', production.namespace])
    }
  },
}

/** Until the quota's controller has counted, every pod is refused for another reason. */
async function limitPods({ world: { cluster } }: Stage, pods: number): Promise<void> {
  const place = ['-n', production.namespace]
  await cluster.kubectlRun(['create', 'quota', quota, `--hard=pods=${pods}`, ...place])
  const counted = ['--for', `jsonpath={.status.used.pods}=${pods}`, '--timeout=60s']
  await cluster.kubectlRun(['wait', `resourcequota/${quota}`, ...counted, ...place])
}
