import { setTimeout as until } from 'node:timers/promises'
import { production } from '../world/environment.ts'
import { recordStore } from '../world/seed.ts'
import type { World } from '../world/world.ts'
import { equal } from './checks.ts'
import { checkInvariants } from './invariants.ts'
import { checkBack, checkLockFree, standOf } from './rolled-back.ts'
import type { Scenario } from './scenario.ts'
import { checkTicket } from './ticket.ts'

/** The machine that goes back is lost, too. */
export const rollbackInterrupted: Scenario = {
  name: 'rollback-interrupted',
  title: 'the rollback is killed half-way: the ticket says so, and running it again ends it',
  async play(stage) {
    const { world, checks } = stage
    const before = await standOf(world)
    const deployed = await stage.deploy({
      version: 'v1.1.0',
      faults: { [production.namespace]: { crash: 'missing environment variable ONELAKE_URL' } },
      faultsOf: ['result-processor'],
      runbook: (document) => {
        // Until the lock of a dead rollback may be taken over.
        document.setIn(['lock', 'lease'], '20s')
      },
      meanwhile: async ({ run }) => {
        await run.until(
          (event) =>
            event.type === 'line' &&
            event.job.id === 'rollback' &&
            event.text.includes('deployment.apps/download-worker rolled back'),
        )
        await run.lose('rollback')
      },
    })
    await checks.that('the run is red', () => equal(deployed.result.conclusion, 'failure'))
    await checks.that('the record says that a rollback was begun, and of no end', async () => {
      const { latest } = await recordStore(world.api, production).load()
      return equal([latest?.rollback?.cause, latest?.phases.at(-1)?.phase], ['failed', 'rollout'])
    })
    await checkTicket(stage, {
      state: 'open',
      firstLine: /^## 🟥 production runs two versions: v1\.1\.0 failed at rollout$/,
      label: 'deployment-failed',
      says: ['act now: nothing says that it was taken back. Start the workflow Rollback'],
    })

    await leaseEnds(world)
    const again = await stage.runByHand('.github/workflows/rollback.yml', { reason: 'critical bug' })
    await checks.that('the rollback that is run again is green', () => equal(again.conclusion, 'success'))
    await checkBack(stage, before)
    await checks.that('v1.0.0 is known good, and v1.1.0 is marked', async () => {
      const store = recordStore(world.api, production)
      const { latest, knownGood } = await store.load()
      const { bad } = await store.history()
      return equal(
        [latest?.phases.at(-1)?.outcome, knownGood?.version, bad.map(({ version }) => version)],
        ['rolled-back', 'v1.0.0', ['v1.1.0']],
      )
    })
    await checkLockFree(stage)
    await checkTicket(stage, {
      state: 'open',
      firstLine: /^## 🟧 production is back on v1\.0\.0: v1\.1\.0 was rolled back$/,
      label: 'deployment-rolled-back',
    })
    await checkInvariants(stage, deployed)
  },
}

/** Another rollback may have the lock when the lease of the dead one has ended, and not a moment before. */
async function leaseEnds({ cluster }: World): Promise<void> {
  const lease = ['get', 'lease', 'runbook-kafka-pipeline-production', '-n', production.namespace]
  const fields = 'jsonpath={.spec.renewTime} {.spec.leaseDurationSeconds}'
  const [renewed = '', seconds = ''] = (await cluster.kubectlRun([...lease, '-o', fields])).split(' ')
  await until(Math.max(0, Date.parse(renewed) + Number(seconds) * 1000 - Date.now()))
}
