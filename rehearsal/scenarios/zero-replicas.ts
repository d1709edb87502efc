import { production } from '../world/environment.ts'
import { equal } from './checks.ts'
import { checkInvariants } from './invariants.ts'
import { look } from './observe.ts'
import type { Scenario } from './scenario.ts'
import { checkRed, checkSkipped, checkUntouched } from './untouched.ts'

/** Zero of zero pods are healthy: that shows nothing, and nothing is not enough. */
export const zeroReplicas: Scenario = {
  name: 'zero-replicas',
  title: 'a component of production is scaled to zero: inconclusive, so blocked; production untouched',
  async play(stage) {
    const { world, checks } = stage
    const place = ['-n', production.namespace]
    await world.cluster.kubectlRun(['scale', 'deployment/result-processor', '--replicas=0', ...place])
    const gone = ['--for=delete', 'pod', '-l', 'app=result-processor', '--timeout=60s']
    await world.cluster.kubectlRun(['wait', ...gone, ...place])
    const before = await look(world, production)
    await checks.that('no result processor runs', () => equal(before['result-processor']?.pods, 0))

    const deployed = await stage.deploy({ version: 'v1.1.0' })
    await checkRed(
      stage,
      deployed,
      /production-healthy is inconclusive: .*result-processor is scaled to zero: nothing is shown/,
    )
    await checkSkipped(stage, deployed, ['Approval', 'Production'])
    await checkUntouched(stage, before)
    await checkInvariants(stage, deployed)
  },
}
