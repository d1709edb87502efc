import type { Cluster, FoundConfigMap } from '@runbook-actions/shared/cluster/cluster.ts'
import { contentDigest } from '@runbook-actions/shared/cluster/configuration/content-digest.ts'
import type { ConfigMapSnapshot } from '@runbook-actions/shared/record/snapshot.ts'

/** A ConfigMap as it stands, and what was kept of it; each undefined where it is not there. */
export interface BesideCopy {
  readonly live: FoundConfigMap | undefined
  readonly kept: FoundConfigMap | undefined
  /** Whether both are there and say the same. */
  readonly isSame: boolean
}

/** Reads a ConfigMap and the copy that a snapshot names, and holds one against the other. */
export async function besideCopy(
  { name, copy }: Pick<ConfigMapSnapshot, 'name' | 'copy'>,
  cluster: Cluster,
  signal: AbortSignal,
): Promise<BesideCopy> {
  const [live, kept] = await Promise.all([cluster.configMap(name, signal), cluster.configMap(copy, signal)])
  return {
    live,
    kept,
    isSame: live !== undefined && kept !== undefined && contentDigest(live) === contentDigest(kept),
  }
}
