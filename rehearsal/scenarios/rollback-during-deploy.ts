import type { RunResult } from '../runner/run.ts'
import { production } from '../world/environment.ts'
import { recordStore } from '../world/seed.ts'
import { equal, says } from './checks.ts'
import { checkInvariants } from './invariants.ts'
import { rollsDownloadWorker } from './mid-rollout.ts'
import { look } from './observe.ts'
import type { Scenario } from './scenario.ts'
import { checkNoTag } from './untouched.ts'

/** Somebody sees that the release is bad while it is still being rolled. */
export const rollbackDuringDeploy: Scenario = {
  name: 'rollback-during-deploy',
  title: 'a rollback is started while production rolls: the deployment yields, and never writes again',
  async play(stage) {
    const { world, checks } = stage
    const before = await look(world, production)
    let back: RunResult | undefined
    const deployed = await stage.deploy({
      version: 'v1.1.0',
      meanwhile: async (started) => {
        await rollsDownloadWorker(started)
        back = await stage.runByHand('.github/workflows/rollback.yml', { reason: 'data corruption' })
      },
    })
    const { result } = deployed
    const said = result.annotations.map(({ message }) => message).join('\n')
    await checks.that('the rollback is green', () => equal(back?.conclusion, 'success'))
    await checks.that('the deployment is red', () => equal(result.conclusion, 'failure'))
    await checks.that('it says who asked it to stop', () =>
      says(said, /asked .*to roll back|asked for the lock/),
    )
    const after = await look(world, production)
    await checks.that('every pod is Ready on what ran before', () =>
      equal(
        Object.entries(after).map(([name, { digests, pods, ready, old }]) => [
          name,
          digests,
          pods - ready,
          old,
        ]),
        Object.entries(before).map(([name, { digests }]) => [name, digests, 0, 0]),
      ),
    )
    const { latest, knownGood } = await recordStore(world.api, production).load()
    await checks.that('the record ends with the rollback', () =>
      equal(
        [latest?.version, latest?.rollback?.reason, knownGood?.version],
        ['v1.1.0', 'data corruption', 'v1.0.0'],
      ),
    )
    await checks.that('nobody holds the lock', async () =>
      equal(
        await world.cluster.kubectlRun([
          'get',
          'lease',
          'runbook-kafka-pipeline-production',
          '-n',
          production.namespace,
          '-o',
          'jsonpath={.spec.holderIdentity}',
        ]),
        '',
      ),
    )
    await checkNoTag(stage)
    await checkInvariants(stage, deployed)
  },
}
