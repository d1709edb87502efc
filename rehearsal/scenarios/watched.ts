import type { Document } from 'yaml'
import type { Phase } from '../../packages/shared/src/record/schema.ts'
import { production } from '../world/environment.ts'
import { recordStore } from '../world/seed.ts'
import { equal, says } from './checks.ts'
import { checkInvariants } from './invariants.ts'
import { look } from './observe.ts'
import { checkRolledBack, standOf } from './rolled-back.ts'
import type { Deployed, Release, Stage } from './scenario.ts'
import { checkTicket } from './ticket.ts'
import { checkNoTag, checkRed, checkSkipped } from './untouched.ts'

/**
 * Faults that begin so long after the start that validation has seen a good release, and early enough that the watch
 * sees the bad one.
 */
export const afterMs = 45_000

/** A watch that is long enough to see the fault, and triggers that need seconds in place of minutes. */
export function patientWatch(document: Document): void {
  document.setIn(['watch', 'critical', 'for'], '30s')
  document.setIn(['watch', 'important', 'for'], '90s')
  document.setIn(
    ['rollback', 'triggers'],
    document.createNode([
      { gate: 'error-rate', above: '5%', for: '6s' },
      { gate: 'consumer-lag', 'grows-by': 300 },
      { gate: 'circuit-breaker', opens: true },
    ]),
  )
}

/** How a watch must end, and why. */
export interface WatchEnd {
  readonly outcome: 'triggered' | 'held'
  /** The gate that ended it. */
  readonly gate: string
  readonly reason: RegExp
}

/**
 * Deploys a release that goes bad after its validation, and checks what became of it: by the reason that it must have;
 * rolled back where it was triggered, left as it is where it is held; no tag, not known good, a ticket that says so.
 */
export async function playBadRelease(
  stage: Stage,
  release: Omit<Release, 'version'>,
  end: WatchEnd,
): Promise<void> {
  const { world, checks } = stage
  const { runbook } = release
  const before = await standOf(world)
  const deployed = await stage.deploy({
    ...release,
    version: 'v1.1.0',
    runbook: (document) => {
      patientWatch(document)
      runbook?.(document)
    },
  })
  await checkRed(stage, deployed, end.reason)
  await checks.that(`the watch ended as ${end.outcome}, by ${end.gate}`, async () => {
    const last = (await watchPhases(stage)).at(-1)
    const verdict = last?.gates.find(({ gate }) => gate === end.gate)?.verdict
    return equal({ outcome: last?.outcome, verdict }, { outcome: end.outcome, verdict: 'fail' })
  })
  await checks.that('validation had seen a good release', async () => {
    const { latest } = await recordStore(world.api, production).load()
    return equal(latest?.phases.find(({ phase }) => phase === 'validate')?.outcome, 'passed')
  })
  await checkSummary(stage, deployed, end)
  if (end.outcome === 'triggered') await checkRolledBack(stage, before, deployed, 'triggered')
  else await checkHeld(stage, deployed)
  await checkInvariants(stage, deployed)
}

/** A person decides: production is as the watch has left it. */
async function checkHeld(stage: Stage, deployed: Deployed): Promise<void> {
  const { world, checks } = stage
  await checkSkipped(stage, deployed, ['Rollback'])
  await checks.that('nothing was rolled back', async () =>
    says((await look(world, production))['download-worker']?.image ?? '', ':v1.1.0@'),
  )
  await checks.that('v1.0.0 is still the good release', async () => {
    const { knownGood } = await recordStore(world.api, production).load()
    return equal(knownGood?.version, 'v1.0.0')
  })
  await checkNoTag(stage)
  await checkTicket(stage, {
    state: 'open',
    firstLine: /^## 🟨 production runs v1\.1\.0: /,
    label: 'deployment-held',
    says: ['kubectl rollout undo deployment/event-ingester --to-revision='],
  })
}

/** The watches of production in their order, as production's own record keeps them. */
export async function watchPhases({ world }: Stage): Promise<Phase[]> {
  const { latest } = await recordStore(world.api, production).load()
  return (latest?.phases ?? []).filter(({ phase }) => phase === 'critical' || phase === 'important')
}

async function checkSummary({ checks }: Stage, { result }: Deployed, { gate }: WatchEnd): Promise<void> {
  const summary = result.jobs.flatMap((job) => job.summaries).join('\n')
  const row = new RegExp(`^\\| ${gate.replaceAll('-', ' ')} \\|.*[▁▂▃▄▅▆▇·].*❌ \\|$`, 'm')
  await checks.that('the summary shows before, now, how it went and the limit', () => says(summary, row))
  await checks.that('the summary has a chart', () => says(summary, 'xychart-beta'))
}
