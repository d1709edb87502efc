import { production } from '../world/environment.ts'
import { recordStore } from '../world/seed.ts'
import { equal, says } from './checks.ts'
import { look, type Found } from './observe.ts'
import type { Deployed, Stage } from './scenario.ts'

/** Production is exactly what it was: not one write, no tag. */
export async function checkUntouched(stage: Stage, before: Readonly<Record<string, Found>>): Promise<void> {
  const { world, checks } = stage
  await checks.that('production is untouched', async () => equal(await look(world, production), before))
  await checks.that('production still remembers v1.0.0', async () => {
    const { knownGood, latest } = await recordStore(world.api, production).load()
    return equal([knownGood?.version, latest?.version], ['v1.0.0', 'v1.0.0'])
  })
  await checkNoTag(stage)
}

export async function checkNoTag({ world, checks }: Stage): Promise<void> {
  await checks.that('there is no tag v1.1.0-prod', async () =>
    equal(await world.repository.inBare('tag', '-l', 'v1.1.0-prod'), ''),
  )
}

/** The run is red, and one annotation says why. */
export async function checkRed({ checks }: Stage, { result }: Deployed, reason: RegExp): Promise<void> {
  await checks.that('the run is red', () => equal(result.conclusion, 'failure'))
  await checks.that('it says why', () => {
    const errors = result.annotations.filter(({ level }) => level === 'error').map(({ message }) => message)
    return says(errors.join('\n'), reason)
  })
}

/** A job did not start, or only its place was kept. */
export async function checkSkipped(
  { checks }: Stage,
  { result }: Deployed,
  names: readonly string[],
): Promise<void> {
  await checks.that(`${names.join(' and ')} did not run`, () => {
    const ran = result.jobs.filter(
      (job) => job.result !== 'skipped' && names.some((name) => job.name.includes(name)),
    )
    return { ok: ran.length === 0, found: ran.map((job) => job.name).join(', ') }
  })
}
