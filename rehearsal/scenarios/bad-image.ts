import { splitPods, type ComponentState } from '../../packages/shared/src/cluster/component.ts'
import { production, staging } from '../world/environment.ts'
import { recordStore } from '../world/seed.ts'
import { equal, says } from './checks.ts'
import { failedRollout } from './diagnosed.ts'
import { checkInvariants } from './invariants.ts'
import { lookUntil } from './look-until.ts'
import { look } from './observe.ts'
import { checkRolledBack, standOf } from './rolled-back.ts'
import type { Scenario } from './scenario.ts'
import { checkRed } from './untouched.ts'

/** From the first pull that failed until the rollout has ended: the patience with registries is 42 s of it. */
const limitMs = 45_000

/** Production cannot pull what staging could: another registry mirror, another pull secret. */
export const badImage: Scenario = {
  name: 'bad-image',
  title:
    'production cannot pull an image: red within 45 s of the first failed pull, later components untouched, rolled back',
  async play(stage) {
    const { world, checks } = stage
    const before = await standOf(world)
    let failing: Date | undefined
    const deployed = await stage.deploy({
      version: 'v1.1.0',
      pullFaults: [{ namespace: production.namespace, image: 'download-worker:v1.1.0', error: 'not-found' }],
      meanwhile: async (started) => {
        failing = await lookUntil(world, production, started, 'download-worker', failedPull)
      },
    })
    const { result } = deployed
    await checkRed(stage, deployed, /download-worker: .*its image cannot be pulled/)
    await checks.that('the rollout ended at most 45 s after the first failed pull', async () => {
      const { endedAt } = await failedRollout(world)
      if (failing === undefined) return { ok: false, found: 'no pull failed' }
      const afterMs = Date.parse(endedAt) - failing.getTime()
      return { ok: afterMs >= 0 && afterMs <= limitMs, found: `${(afterMs / 1000).toFixed(1)} s` }
    })
    await checks.that('staging runs v1.1.0', async () =>
      says((await look(world, staging))['download-worker']?.image ?? '', ':v1.1.0'),
    )
    await checks.that('the component before it had been rolled', async () => {
      const { latest } = await recordStore(world.api, production).load()
      return equal(
        latest?.deployed.map(({ deployment }) => deployment),
        ['event-ingester'],
      )
    })
    await checks.that('the component after it was never touched', async () =>
      equal((await look(world, production))['result-processor'], before.components['result-processor']),
    )
    await checks.that('at least five of six download workers served all the time', async () => {
      const seen = (await failedRollout(world)).availability?.find(
        ({ deployment }) => deployment === 'download-worker',
      )
      return { ok: (seen?.fewestReady ?? 0) >= 5, found: JSON.stringify(seen) }
    })
    const summary = result.jobs.flatMap((job) => job.summaries).join('\n')
    await checks.that('the summary of the rollout says how production stands, and that it goes back', () =>
      says(
        summary,
        /^## 🟥 v1\.1\.0 failed: production runs two versions\n\*\*Do:\*\* nothing yet: the job Rollback of the run goes back now\./m,
      ),
    )
    await checks.that('it prints the way back by hand, last component first', () =>
      says(
        summary,
        /rollout undo deployment\/download-worker --to-revision=\d+[\s\S]*rollout undo deployment\/event-ingester --to-revision=\d+/,
      ),
    )
    await checkRolledBack(stage, before, deployed, 'failed')
    await checkInvariants(stage, deployed)
  },
}

/** When it was first seen that a pod of the new version cannot pull its image. */
function failedPull(state: ComponentState): Date | undefined {
  const waiting = splitPods(state)
    .current.flatMap((pod) => pod.status?.containerStatuses ?? [])
    .map(({ state: now }) => now?.waiting?.reason)
  return waiting.some((reason) => reason === 'ErrImagePull' || reason === 'ImagePullBackOff')
    ? new Date()
    : undefined
}
