import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { production } from '../world/environment.ts'
import { equal, says } from './checks.ts'
import { checkInvariants } from './invariants.ts'
import { look } from './observe.ts'
import { checkBack, checkLockFree, standOf } from './rolled-back.ts'
import type { Scenario } from './scenario.ts'
import { checkTicket } from './ticket.ts'
import { checkRed } from './untouched.ts'

/** A registry that keeps its images for thirty days only. */
export const rollbackFails: Scenario = {
  name: 'rollback-fails',
  title:
    'the old image is gone from the registry: rollback-failed, what serves is kept, the next steps told; mended, it goes on',
  async play(stage) {
    const { world, checks } = stage
    const before = await standOf(world)
    const deployed = await stage.deploy({
      version: 'v1.1.0',
      faults: { [production.namespace]: { crash: 'missing environment variable ONELAKE_URL' } },
      faultsOf: ['download-worker'],
      pullFaults: [{ namespace: production.namespace, image: 'download-worker:v1.0.0', error: 'not-found' }],
    })
    await checkRed(stage, deployed, /download-worker is not back: .*its image cannot be pulled/)
    const rollback = deployed.result.jobs.find(({ id }) => id === 'rollback')
    await checks.that('the rollback is red, and says that it failed', () =>
      equal([rollback?.result, rollback?.outputs.outcome], ['failure', 'rollback-failed']),
    )
    const found = await look(world, production)
    await checks.that('five of six download workers serve, on what ran before', () => {
      const worker = found['download-worker']
      return { ok: (worker?.ready ?? 0) >= 5, found: JSON.stringify(worker) }
    })
    await checks.that('what it had not come to is as it was: every pod of the others is Ready', () =>
      equal(
        ['event-ingester', 'result-processor'].map((name) => [
          /:(v[\d.]+)/.exec(found[name]?.image ?? '')?.[1],
          (found[name]?.pods ?? 0) - (found[name]?.ready ?? 0),
          found[name]?.old,
        ]),
        [
          ['v1.1.0', 0, 0],
          ['v1.0.0', 0, 0],
        ],
      ),
    )
    await checks.that(
      'its summary says first that it failed, what to do, and which component is not back',
      () =>
        says(
          rollback?.summaries.join('\n') ?? '',
          /^## 🟥 The rollback of production to v1\.0\.0 failed\n\*\*Do:\*\* .*run the rollback again: it goes on where it stopped\.[\s\S]*\| download-worker \| ❌ /,
        ),
    )
    await checkLockFree(stage)
    await checkTicket(stage, {
      state: 'open',
      firstLine: /^## 🟥 production is not well: the rollback of v1\.1\.0 failed$/,
      label: 'deployment-rollback-failed',
      says: ['start the workflow Rollback'],
    })

    await writeFile(join(world.images, 'faults.json'), '[]')
    const again = await stage.runByHand('.github/workflows/rollback.yml', { reason: 'the image is back' })
    await checks.that('with the image back, the rollback is run again and is green', () =>
      equal(again.conclusion, 'success'),
    )
    await checkBack(stage, before)
    await checkTicket(stage, {
      state: 'open',
      firstLine: /^## 🟧 production is back on v1\.0\.0: v1\.1\.0 was rolled back$/,
      label: 'deployment-rolled-back',
    })
    await checkInvariants(stage, deployed)
  },
}
