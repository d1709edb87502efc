import { production } from '../world/environment.ts'
import { equal } from './checks.ts'
import { checkDiagnosed } from './diagnosed.ts'
import { checkInvariants } from './invariants.ts'
import { look, type Found } from './observe.ts'
import type { Scenario, Stage } from './scenario.ts'
import { checkRed, checkSkipped, checkUntouched } from './untouched.ts'

const quota = 'team-quota'

/** Production is full: the one more pod that a rolling update needs is not allowed. */
export const outOfQuota: Scenario = {
  name: 'out-of-quota',
  title:
    'the namespace’s quota has no room for one more pod: blocked before the approval; where the team goes on in spite of it, red with the quota’s numbers, all old pods serving',
  async play(stage) {
    const { world } = stage
    const before = await look(world, production)
    const pods = Object.values(before).reduce((sum, found) => sum + found.pods, 0)
    await limitPods(stage, pods)
    try {
      await blocked(stage, before)
      await inSpiteOfIt(stage, before, pods)
    } finally {
      await world.cluster.kubectlRun(['delete', 'resourcequota', quota, '-n', production.namespace])
    }
  },
}

async function blocked(stage: Stage, before: Readonly<Record<string, Found>>): Promise<void> {
  const deployed = await stage.deploy({ version: 'v1.1.0' })
  await checkRed(
    stage,
    deployed,
    new RegExp(
      `capacity is fail: event-ingester: not one pod can be replaced \\(quota "${quota}", pods: one pod takes 1, 0 left\\)`,
    ),
  )
  await checkSkipped(stage, deployed, ['Approval', 'Production'])
  await checkUntouched(stage, before)
  await checkInvariants(stage, deployed)
}

/** The team takes the gate's answer for a warning: then the rollout meets the quota, and says so. */
async function inSpiteOfIt(
  stage: Stage,
  before: Readonly<Record<string, Found>>,
  pods: number,
): Promise<void> {
  const { world, checks } = stage
  const deployed = await stage.deploy({
    version: 'v1.2.0',
    runbook: (document) => {
      document.setIn(['gates', 'capacity', 'mode'], 'warn')
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
  await checks.that('there is no tag v1.2.0-prod', async () =>
    equal(await world.repository.inBare('tag', '-l', 'v1.2.0-prod'), ''),
  )
  await checkInvariants(stage, deployed)
}

/** Until the quota's controller has counted, every pod is refused for another reason. */
async function limitPods({ world: { cluster } }: Stage, pods: number): Promise<void> {
  const place = ['-n', production.namespace]
  await cluster.kubectlRun(['create', 'quota', quota, `--hard=pods=${pods}`, ...place])
  const counted = ['--for', `jsonpath={.status.used.pods}=${pods}`, '--timeout=60s']
  await cluster.kubectlRun(['wait', `resourcequota/${quota}`, ...counted, ...place])
}
