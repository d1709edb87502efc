import { equal, says } from './checks.ts'
import { standOf } from './rolled-back.ts'
import type { Stage } from './scenario.ts'
import { checkTicket } from './ticket.ts'

/** After a rollback whose books could not be kept: running it again changes nothing, and the books tell of it. */
export async function checkCaughtUp(stage: Stage, state: 'open' | 'reopened'): Promise<void> {
  const { world, checks } = stage
  const back = await standOf(world)
  const again = await stage.runByHand('.github/workflows/rollback.yml', { reason: 'to keep the books' })
  await checks.that('run again, the rollback is green and keeps the books', () =>
    equal(
      [again.conclusion, ...again.jobs.map(({ id, result }) => [id.split('/').at(-1), result])],
      ['success', ['plan', 'success'], ['approve', 'skipped'], ['rollback', 'success'], ['books', 'success']],
    ),
  )
  await checks.that('and changes nothing', async () => equal(await standOf(world), back))
  await checks.that('the deployment log tells of the rollback', async () =>
    says(
      await world.repository.inBare('show', 'deployment-log:deployment-log.txt'),
      /: Rolled back v1\.1\.0 to /,
    ),
  )
  await checkTicket(stage, {
    state,
    firstLine: /^## 🟧 production is back on v1\.0\.0: v1\.1\.0 was rolled back$/,
    label: 'deployment-rolled-back',
  })
}
