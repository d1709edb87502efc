import { production, staging } from '../world/environment.ts'
import { equal, says } from './checks.ts'
import { checkInvariants } from './invariants.ts'
import { look } from './observe.ts'
import type { Scenario } from './scenario.ts'
import { checkTicket } from './ticket.ts'
import { checkNoTag, checkRed } from './untouched.ts'

/** Production cannot pull what staging could: another registry mirror, another pull secret. */
export const badImage: Scenario = {
  name: 'bad-image',
  title:
    'production cannot pull an image: red with the reason, later components untouched, the way back printed',
  async play(stage) {
    const { world, checks } = stage
    const deployed = await stage.deploy({
      version: 'v1.1.0',
      pullFaults: [{ namespace: production.namespace, image: 'download-worker:v1.1.0', error: 'not-found' }],
    })
    const { result } = deployed
    await checkRed(stage, deployed, /download-worker: .*its image cannot be pulled/)
    const found = await look(world, production)
    await checks.that('staging runs v1.1.0', async () =>
      says((await look(world, staging))['download-worker']?.image ?? '', ':v1.1.0'),
    )
    await checks.that('the component before it is rolled', () =>
      says(found['event-ingester']?.image ?? '', ':v1.1.0@'),
    )
    await checks.that('the component after it is untouched', () =>
      equal(found['result-processor']?.image, 'registry.local/result-processor:v1.0.0'),
    )
    await checks.that('five of six old download workers still serve', () => {
      const worker = found['download-worker']
      return { ok: (worker?.ready ?? 0) >= 5, found: JSON.stringify(worker) }
    })
    const summary = result.jobs.flatMap((job) => job.summaries).join('\n')
    await checks.that('the summary says how production stands', () =>
      says(summary, 'v1.1.0 failed: production runs two versions'),
    )
    await checks.that('the summary prints the way back, last component first', () =>
      says(
        summary,
        /rollout undo deployment\/download-worker --to-revision=\d+[\s\S]*rollout undo deployment\/event-ingester --to-revision=\d+/,
      ),
    )
    await checks.that('the deployment log tells of the attempt', async () =>
      says(
        await world.repository.inBare('show', 'deployment-log:deployment-log.txt'),
        /Did not deploy v1\.1\.0/,
      ),
    )
    await checkNoTag(stage)
    await checkTicket(stage, {
      state: 'open',
      firstLine: /^## 🟥 production runs two versions: v1\.1\.0 failed at rollout$/,
      label: 'deployment-failed',
      says: ['kubectl rollout undo deployment/event-ingester --to-revision='],
    })
    await checkInvariants(stage, deployed)
  },
}
