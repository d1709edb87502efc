import * as z from 'zod'
import type { Deployment } from '../component.ts'
import { managersOf } from '../field-managers.ts'
import type { ManifestObject } from './read-manifest.ts'

/** What the suite decides of a Deployment, whatever its manifest says. */
export interface DeploymentDecisions {
  readonly container: string
  readonly image: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  /** Whether an autoscaler decides the replicas. */
  readonly isScaled: boolean
}

const marks = z.record(z.string(), z.string()).optional()
const shape = z.looseObject({
  metadata: z.looseObject({ labels: marks, annotations: marks }),
  spec: z.looseObject({
    template: z.looseObject({
      spec: z.looseObject({ containers: z.array(z.looseObject({ name: z.string() })) }),
    }),
  }),
})

/**
 * A manifest's Deployment as it is applied: with the planned image, our marks beside the file's, and without replicas
 * where an autoscaler decides them.
 *
 * @param live the Deployment as it stands
 * @param manager our field manager
 */
export function prepareDeployment(
  { object }: ManifestObject,
  decisions: DeploymentDecisions,
  live: Deployment,
  manager: string,
): object {
  const { status: _, ...parsed } = shape.parse(object)
  const { metadata, spec } = parsed
  const { container, image, labels, annotations } = decisions
  const containers = spec.template.spec.containers.map((entry) =>
    entry.name === container ? { ...entry, image } : entry,
  )
  const { replicas: given, ...rest } = spec
  const replicas = decisions.isScaled ? lastReplicas(live, manager) : given
  return {
    ...parsed,
    metadata: {
      ...metadata,
      labels: { ...metadata.labels, ...labels },
      annotations: { ...metadata.annotations, ...annotations },
    },
    spec: {
      ...rest,
      ...(replicas !== undefined && { replicas }),
      template: { ...spec.template, spec: { ...spec.template.spec, containers } },
    },
  }
}

/**
 * Replicas that an autoscaler decides are left out, except that giving up a field which nobody else owns removes it:
 * the server's default is one pod. So as long as the autoscaler has never written it, it is applied as it stands.
 */
function lastReplicas(live: Deployment, manager: string): number | undefined {
  const owners = managersOf(live, ['f:spec', 'f:replicas'])
  const onlyOurs =
    owners.length > 0 && owners.every((owner) => owner.manager === manager && owner.operation === 'Apply')
  return onlyOurs ? live.spec?.replicas : undefined
}
