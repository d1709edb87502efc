import { lastPhase } from '../../packages/shared/src/record/append.ts'
import { production } from '../world/environment.ts'
import { recordStore } from '../world/seed.ts'
import { equal, says } from './checks.ts'
import { checkInvariants } from './invariants.ts'
import { look } from './observe.ts'
import type { Scenario } from './scenario.ts'
import { checkRed, checkSkipped, checkUntouched } from './untouched.ts'

/** Zero of zero pods are healthy: that shows nothing, and nothing is not enough. Unless pods are woken to be looked at. */
export const zeroReplicas: Scenario = {
  name: 'zero-replicas',
  title:
    'a component of production is scaled to zero: inconclusive, so blocked; with "wake" it is held awake for its validation',
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

    const woken = await stage.deploy({
      version: 'v1.1.1',
      runbook: (document) => {
        document.setIn(['components', 2, 'wake'], 1)
      },
    })
    await checks.that('with "wake" the run is green', () => equal(woken.result.conclusion, 'success'))
    await checks.that('preflight and plan say that it is woken', () =>
      says(
        woken.result.jobs.flatMap(({ summaries }) => summaries).join('\n'),
        /scaled to zero: held at 1 for its validation[\s\S]*result-processor is scaled to zero, and woken for its validation/,
      ),
    )
    const { latest } = await recordStore(world.api, production).load()
    const validated = latest && lastPhase(latest, 'validate')
    await checks.that('one pod of it was validated', () =>
      equal(
        [
          latest?.deployed.find(({ deployment }) => deployment === 'result-processor')?.pods,
          validated?.outcome,
        ],
        [1, 'passed'],
      ),
    )
    await checks.that('the record says that it was given back', () =>
      says(
        validated?.reason ?? '',
        'result-processor was woken for its validation and is scaled to zero again.',
      ),
    )
    const after = await look(world, production)
    await checks.that('it sleeps again, with the new version', () => {
      const { pods, image = '' } = after['result-processor'] ?? {}
      return equal([pods, image.startsWith('registry.local/result-processor:v1.1.1@')], [0, true])
    })
    await checks.that('no mark is left on it', async () => {
      const template = 'jsonpath={.metadata.annotations}'
      const found = await world.cluster.kubectlRun([
        'get',
        'deployment/result-processor',
        '-o',
        template,
        ...place,
      ])
      return { ok: !found.includes('held-at'), found: '' }
    })
    await checkInvariants(stage, woken)
  },
}
