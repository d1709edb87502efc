import type { Cluster } from '@runbook-actions/shared/cluster/cluster.ts'
import { dataDigest, type Data } from '@runbook-actions/shared/cluster/configuration/content-digest.ts'
import { keyChanges } from '@runbook-actions/shared/cluster/configuration/source.ts'
import { deploymentOfSnapshot } from '@runbook-actions/shared/cluster/restore/wanted-deployment.ts'
import { usedBy } from '@runbook-actions/shared/cluster/snapshot.ts'
import type { Configuration } from '@runbook-actions/shared/record/configuration.ts'
import type { DeploymentRecord } from '@runbook-actions/shared/record/schema.ts'
import type { Snapshot } from '@runbook-actions/shared/record/snapshot.ts'
import { besideCopy } from './beside-copy.ts'
import type { RestoreStep } from './restore-plan.ts'

/** A configuration change as its rollback makes it: the other way round. */
export interface RestoredConfiguration {
  readonly configuration: Configuration
  /** What the ConfigMap says until then. */
  readonly before: Data
}

/**
 * What becomes of the configuration where a configuration change is taken back; read before anything is written. Keys of the change
 * are told also where an attempt before this one has put the ConfigMap back already: pods may still have them.
 *
 * @returns undefined where none is taken back, or none of these components reads it
 */
export async function restoredConfiguration(
  { configuration: change }: DeploymentRecord,
  { configMaps }: Snapshot,
  steps: readonly RestoreStep[],
  cluster: Cluster,
  signal: AbortSignal,
): Promise<RestoredConfiguration | undefined> {
  if (change === undefined) return undefined
  const { configMap } = change
  const copy = configMaps.find(({ name }) => name === configMap)?.copy
  const isRead = steps.some(({ snapshot }) =>
    usedBy(deploymentOfSnapshot(snapshot)).configMaps.includes(configMap),
  )
  if (copy === undefined || !isRead) return undefined
  const { live, kept } = await besideCopy({ name: configMap, copy }, cluster, signal)
  // Without its copy it cannot be put back: the restore says so.
  if (kept === undefined) return undefined
  const before = live?.data ?? {}
  const differences = keyChanges(before, kept.data)
  const known = new Set(differences.map(({ key }) => key))
  const others = change.changes.flatMap(({ key }): Configuration['changes'] =>
    known.has(key) ? [] : [{ key, change: key in kept.data ? 'changed' : 'removed' }],
  )
  return {
    configuration: {
      configMap,
      changes: [...differences, ...others],
      before: dataDigest(before),
      after: dataDigest(kept.data),
    },
    before,
  }
}
