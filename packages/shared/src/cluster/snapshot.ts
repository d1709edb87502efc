import type { ConfigMapSnapshot, DeploymentSnapshot, Snapshot } from '../record/snapshot.ts'
import type { Clock } from '../ports.ts'
import type { Cluster } from './cluster.ts'
import { containersOf, nameOf, revisionOf, type ComponentState, type Deployment } from './component.ts'
import { runningDigests } from './image.ts'
import { heldAtKey } from './wake/handle.ts'
import { ownReplicas } from './wake/own-replicas.ts'

/**
 * The release set as it stands: every Deployment whole, every ConfigMap that its pods use as an immutable copy named
 * after its content, Secrets by name only. Taken before the first write.
 */
export async function takeSnapshot(
  cluster: Cluster,
  components: Iterable<ComponentState>,
  { clock, signal }: { clock: Clock; signal: AbortSignal },
): Promise<Snapshot> {
  const states = [...components]
  const used = states.map((state) => usedBy(state.deployment))
  const configMaps = await Promise.all(
    distinct(used.flatMap((entry) => entry.configMaps)).map((name) => keep(cluster, name, signal)),
  )
  return {
    at: clock.now().toISOString(),
    deployments: states.map(deploymentSnapshot),
    configMaps: configMaps.filter((entry) => entry !== undefined),
    secrets: distinct(used.flatMap((entry) => entry.secrets)),
  }
}

/** What a Deployment is put back to: as its team has it, also where the suite holds it awake. */
function deploymentSnapshot(state: ComponentState): DeploymentSnapshot {
  const { deployment } = state
  const revision = revisionOf(deployment)
  const { [heldAtKey]: _, ...annotations } = deployment.metadata?.annotations ?? {}
  return {
    deployment: nameOf(deployment),
    uid: deployment.metadata?.uid ?? '',
    ...(revision !== undefined && { revision }),
    replicas: ownReplicas(deployment),
    annotations,
    template: { ...deployment.spec?.template },
    digests: Object.fromEntries(
      containersOf(deployment).map(({ name }) => [
        name,
        [...runningDigests(state, name).keys()].filter((digest) => digest !== undefined),
      ]),
    ),
  }
}

/** A ConfigMap that a pod template names may be missing where the reference is optional. */
async function keep(
  cluster: Cluster,
  name: string,
  signal: AbortSignal,
): Promise<ConfigMapSnapshot | undefined> {
  const found = await cluster.configMap(name, signal)
  if (found === undefined) return undefined
  const copy = await cluster.keepConfigMap(name, found, signal)
  return { name, resourceVersion: found.resourceVersion, copy }
}

/** The ConfigMaps and Secrets that a pod template names: as environment, single keys, volumes, projections. */
export function usedBy(deployment: Deployment): {
  configMaps: readonly string[]
  secrets: readonly string[]
} {
  const spec = deployment.spec?.template.spec
  const containers = [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])]
  const volumes = spec?.volumes ?? []
  const sources = volumes.flatMap((volume) => volume.projected?.sources ?? [])
  const keys = containers.flatMap((container) => (container.env ?? []).map((entry) => entry.valueFrom))
  const whole = containers.flatMap((container) => container.envFrom ?? [])
  const named = (names: readonly (string | undefined)[]): string[] =>
    distinct(names.filter((name) => name !== undefined))
  return {
    configMaps: named([
      ...whole.map((entry) => entry.configMapRef?.name),
      ...keys.map((entry) => entry?.configMapKeyRef?.name),
      ...volumes.map((volume) => volume.configMap?.name),
      ...sources.map((source) => source.configMap?.name),
    ]),
    secrets: named([
      ...whole.map((entry) => entry.secretRef?.name),
      ...keys.map((entry) => entry?.secretKeyRef?.name),
      ...volumes.map((volume) => volume.secret?.secretName),
      ...sources.map((source) => source.secret?.name),
      ...(spec?.imagePullSecrets ?? []).map((entry) => entry.name),
    ]),
  }
}

function distinct(names: readonly string[]): string[] {
  return [...new Set(names)].sort()
}
