import * as z from 'zod'

/** A pod template as the API server serves it: kept whole and opaque, because rollback puts it back whole. */
const podTemplateSchema = z.record(z.string(), z.unknown())

export const deploymentSnapshotSchema = z.strictObject({
  deployment: z.string(),
  uid: z.string(),
  /** `deployment.kubernetes.io/revision`. */
  revision: z.string().optional(),
  replicas: z.number().int().nonnegative(),
  /** Annotations of the Deployment, change-cause among them; a bare `kubectl rollout undo` would lose them. */
  annotations: z.record(z.string(), z.string()),
  template: podTemplateSchema,
  /** Image digests that its pods report, by container: what really ran, whatever the tag says. */
  digests: z.record(z.string(), z.array(z.string())),
})

export const configMapSnapshotSchema = z.strictObject({
  name: z.string(),
  resourceVersion: z.string(),
  /** The immutable, content-named copy that holds what it said. */
  copy: z.string(),
})

/**
 * The release set as it stood before the first write. Rollback restores it as one thing.
 * Of Secrets only the names are kept: their content never enters the record.
 */
export const snapshotSchema = z.strictObject({
  at: z.iso.datetime(),
  deployments: z.array(deploymentSnapshotSchema),
  configMaps: z.array(configMapSnapshotSchema),
  secrets: z.array(z.string()),
})

export type Snapshot = z.infer<typeof snapshotSchema>
export type DeploymentSnapshot = z.infer<typeof deploymentSnapshotSchema>
export type ConfigMapSnapshot = z.infer<typeof configMapSnapshotSchema>
