import type { Diagnosis } from '../../packages/shared/src/record/diagnosis.ts'
import type { DeploymentRecord } from '../../packages/shared/src/record/schema.ts'
import { production } from '../world/environment.ts'
import { recordStore } from '../world/seed.ts'
import type { World } from '../world/world.ts'
import { equal, says } from './checks.ts'
import type { Deployed, Stage } from './scenario.ts'

type Phase = DeploymentRecord['phases'][number]

/** The rollout to production that failed, as production's own record keeps it. */
export async function failedRollout({ api }: World): Promise<Phase> {
  const { latest } = await recordStore(api, production).load()
  const phase = latest?.phases.findLast(
    ({ phase: name, outcome }) => name === 'rollout' && outcome === 'failed',
  )
  if (phase === undefined) throw new Error('The record has no rollout that failed.')
  return phase
}

/** The diagnosis stands in the record, and the summary tells it: why, what to do, what shows it. */
export async function checkDiagnosed(
  { world, checks }: Stage,
  { result }: Deployed,
  kind: Diagnosis['kind'],
  shows: RegExp,
): Promise<void> {
  await checks.that('the record keeps the diagnosis', async () =>
    equal((await failedRollout(world)).diagnosis?.kind, kind),
  )
  await checks.that('its evidence was read while the pods were there', async () =>
    says((await failedRollout(world)).diagnosis?.evidence.join('\n') ?? '', shows),
  )
  await checks.that('nothing was missing from the evidence', async () => {
    const missing = (await failedRollout(world)).diagnosis?.evidence.filter((line) =>
      line.startsWith('not read: '),
    )
    return equal(missing, [])
  })
  const summary = result.jobs.flatMap((job) => job.summaries).join('\n')
  await checks.that('the summary says why, and what the runbook says to do', async () => {
    const title = (await failedRollout(world)).diagnosis?.section.title ?? 'none'
    const why = /\*\*Why:\*\* .+/.exec(summary)?.[0] ?? ''
    const todo = /\*\*What to do\*\*, as the runbook has it under (.+):/.exec(summary)?.[1] ?? ''
    return { ok: why !== '' && todo.replaceAll('\\', '').includes(title), found: `${why} | ${todo}` }
  })
}
