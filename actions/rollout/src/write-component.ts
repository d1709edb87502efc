import type { Cluster } from '@runbook-actions/shared/cluster/cluster.ts'
import type { ComponentState } from '@runbook-actions/shared/cluster/component.ts'
import type { ObjectChange } from '@runbook-actions/shared/cluster/manifest/apply-manifest.ts'
import type { Manifest } from '@runbook-actions/shared/cluster/manifest/read-manifest.ts'
import { changedFields, describeChange } from '@runbook-actions/shared/cluster/object-diff.ts'
import type { Logger } from '@runbook-actions/shared/ports.ts'
import type { DeploymentRecord, PlannedComponent } from '@runbook-actions/shared/record/schema.ts'
import { deploymentMarks } from './marks.ts'

export interface WriteOptions {
  readonly record: DeploymentRecord
  /** By Deployment; of components without one only the image is set. */
  readonly manifests?: ReadonlyMap<string, Manifest>
  readonly dryRun: boolean
}

/** What a write made of a component. */
export interface WrittenComponent {
  /** `metadata.generation` that the Deployment has now, or in a dry run would have. */
  readonly generation: number
  readonly changes: readonly ObjectChange[]
}

/**
 * Writes one component: its manifest where it has one, else its image alone. What changes is what the API server says,
 * in a dry run as well.
 *
 * @throws UserError where somebody else changed the Deployment since it was read, or owns a field of the manifest
 */
export async function writeComponent(
  { deployment, container, to: image, autoscaler, restartedAt }: PlannedComponent,
  { deployment: live }: ComponentState,
  { record, manifests, dryRun }: WriteOptions,
  { cluster, log, signal }: { cluster: Cluster; log: Logger; signal: AbortSignal },
): Promise<WrittenComponent> {
  const generation = live.metadata?.generation ?? 0
  const manifest = manifests?.get(deployment)
  const write = {
    container,
    image,
    ...(restartedAt !== undefined && { restartedAt }),
    generation,
    ...deploymentMarks(record),
  }
  const { after, changes } =
    manifest === undefined
      ? await setImage()
      : await cluster
          .applyManifest({ ...write, manifest, isScaled: autoscaler !== undefined }, signal)
          .then((applied) => ({ after: applied.deployment, changes: applied.changes }))
  const what =
    manifest === undefined
      ? restartedAt === undefined
        ? 'image updated'
        : 'restarted'
      : `serverside-applied from ${manifest.file}`
  log.info(`deployment.apps/${deployment} ${what}${dryRun ? ' (server dry run)' : ''}`)
  for (const { object, fields } of changes) {
    for (const field of fields) log.info(`  ${object}: ${describeChange(field)}`)
  }
  return { generation: after.metadata?.generation ?? generation, changes }

  async function setImage() {
    const updated = await cluster.setImage({ ...write, deployment }, signal)
    const fields = changedFields(live, updated)
    return { after: updated, changes: [{ object: `Deployment ${deployment}`, fields }] }
  }
}
