import type { Cluster } from '@runbook-actions/shared/cluster/cluster.ts'
import { takeSnapshot } from '@runbook-actions/shared/cluster/snapshot.ts'
import { UserError } from '@runbook-actions/shared/errors.ts'
import type { Clock } from '@runbook-actions/shared/ports.ts'
import type { DeploymentRecord, KnownGood, PhaseName } from '@runbook-actions/shared/record/schema.ts'
import type { RecordStore } from '@runbook-actions/shared/record/store.ts'
import { isLastEnvironment } from '@runbook-actions/shared/runbook/environments.ts'
import type { Runbook } from '@runbook-actions/shared/runbook/schema.ts'

/**
 * Saves how a phase ended. A release that has passed everything that its environment asks for is marked as known good in
 * the same write, as it stands: what a rollback goes back to, and what the next plan compares with.
 *
 * @throws UserError where another deployment came since
 */
export async function saveEnd(
  ended: DeploymentRecord,
  runbook: Runbook,
  { store, cluster, clock }: { store: RecordStore; cluster: Cluster; clock: Clock },
  signal: AbortSignal,
): Promise<void> {
  const { latest } = await store.load(signal)
  if (latest !== undefined && latest.id !== ended.id) throw overtaken(ended, latest)
  const last = ended.phases.at(-1)
  const isGood = last?.outcome === 'passed' && isLastStage(runbook, ended.environment, last.phase)
  if (!isGood) {
    await store.save(ended, signal)
    return
  }
  const good = knownGoodOf(ended, clock.now())
  const names = good.components.map(({ deployment }) => deployment)
  const states = await cluster.components(names, signal)
  const state = await takeSnapshot(cluster, states.values(), { clock, signal })
  await store.saveGood(ended, { good, state }, signal)
}

/** Whether nothing more is asked about a release in this environment once the phase has passed. */
export function isLastStage(runbook: Runbook, environment: string, phase: PhaseName): boolean {
  return phase === (isLastEnvironment(runbook, environment) ? 'important' : 'soak')
}

function overtaken(record: DeploymentRecord, latest: DeploymentRecord): UserError {
  return new UserError(
    `${record.environment} was deployed to by ${latest.id} since ${record.id} was rolled out: what was validated is not its release alone.`,
    'Validate the later deployment.',
  )
}

/** What runs now, as the release to go back to. Components that were not part of this deployment stay what they were. */
function knownGoodOf(record: DeploymentRecord, at: Date): KnownGood {
  const changed = new Set(record.deployed.map(({ deployment }) => deployment))
  const others = record.from?.components.filter(({ deployment }) => !changed.has(deployment)) ?? []
  // A configuration change brings no code: what the next release brings counts from the commit that runs.
  const commit = record.configuration === undefined ? record.commit : record.from?.commit
  return {
    recordId: record.id,
    version: record.version,
    ...(commit !== undefined && { commit }),
    at: at.toISOString(),
    components: [...others, ...record.deployed],
  }
}
