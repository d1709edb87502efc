import { production } from '../world/environment.ts'
import { recordStore } from '../world/seed.ts'
import { equal, says } from './checks.ts'
import { checkInvariants } from './invariants.ts'
import { checkBack, checkLockFree, standOf } from './rolled-back.ts'
import type { Scenario } from './scenario.ts'
import { checkTicket } from './ticket.ts'

/** The machine that goes back is lost, too. */
export const rollbackInterrupted: Scenario = {
  name: 'rollback-interrupted',
  title: 'the rollback is killed half-way: another one takes over by itself, and tells who approved it',
  async play(stage) {
    const { world, checks } = stage
    const before = await standOf(world)
    const deployed = await stage.deploy({
      version: 'v1.1.0',
      faults: { [production.namespace]: { crash: 'missing environment variable ONELAKE_URL' } },
      faultsOf: ['result-processor'],
      runbook: (document) => {
        document.setIn(['rollback', 'approval'], 'production-on-call')
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

    // At once, whether or not the lease of the dead one has ended.
    const again = await stage.runByHand('.github/workflows/rollback.yml', { reason: 'critical bug' }, true)
    await checks.that('the rollback that is run again is green', () => equal(again.conclusion, 'success'))
    await checks.that('the record tells who approved it', async () => {
      const { latest } = await recordStore(world.api, production).load()
      const { by, environment, comment } = latest?.rollback?.approval ?? {}
      return equal([by, environment, comment], ['omar', 'production-on-call', 'looks good'])
    })
    await checks.that('so does the summary', () =>
      says(
        again.jobs.flatMap(({ summaries }) => summaries).join('\n'),
        /\*\*Approved by:\*\* @omar for production-on-call/,
      ),
    )
    await checks.that('and the deployment log', async () =>
      says(
        await world.repository.inBare('show', 'deployment-log:deployment-log.txt'),
        /Rolled back v1\.1\.0 to .* \(critical bug, by rosa, approved by omar, /,
      ),
    )
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
