import type {
  V1Container,
  V1ContainerStatus,
  V1Deployment,
  V1Pod,
  V1ReplicaSet,
} from '@kubernetes/client-node'
import type { Autoscaler } from './autoscaler.ts'
import type { Wire } from './resources.ts'

export type Deployment = Wire<V1Deployment>
export type ReplicaSet = Wire<V1ReplicaSet>
export type Pod = Wire<V1Pod>
export type Container = Wire<V1Container>
export type ContainerStatus = Wire<V1ContainerStatus>

/** One Deployment with what belongs to it, as seen at one moment. */
export interface ComponentState {
  readonly deployment: Deployment
  readonly replicaSets: readonly ReplicaSet[]
  readonly pods: readonly Pod[]
  /** What decides the replicas, where that was asked and something does. */
  readonly autoscaler?: Autoscaler
}

const revisionAnnotation = 'deployment.kubernetes.io/revision'
const hashLabel = 'pod-template-hash'

/** An object's name; the API server never serves one without. */
export function nameOf(object: { metadata?: { name?: string } }): string {
  return object.metadata?.name ?? ''
}

/** `deployment.kubernetes.io/revision`, which the Deployment and its current ReplicaSet share. */
export function revisionOf(object: Deployment | ReplicaSet): string | undefined {
  return object.metadata?.annotations?.[revisionAnnotation]
}

/** The replicas asked for; the API server's default is 1. */
export function replicasOf(deployment: Deployment): number {
  return deployment.spec?.replicas ?? 1
}

/** Picks what belongs to one Deployment out of all that a namespace holds. */
export function componentState(
  deployment: Deployment,
  replicaSets: readonly ReplicaSet[],
  pods: readonly Pod[],
): ComponentState {
  const uid = deployment.metadata?.uid
  const own = replicaSets.filter((set) => set.metadata?.ownerReferences?.some((owner) => owner.uid === uid))
  const ownUids = new Set(own.map((set) => set.metadata?.uid))
  const prefix = `${nameOf(deployment)}-`
  return {
    deployment,
    replicaSets: own,
    pods: pods.filter((pod) =>
      pod.metadata?.ownerReferences?.some(
        (owner) =>
          ownUids.has(owner.uid) ||
          // The ReplicaSet of the last old pods may be gone already (revisionHistoryLimit): its name tells.
          (owner.kind === 'ReplicaSet' &&
            owner.name === `${prefix}${pod.metadata?.labels?.[hashLabel] ?? ''}`),
      ),
    ),
  }
}

/** The ReplicaSet of the current template; undefined until the controller has made it. */
export function currentReplicaSet(state: ComponentState): ReplicaSet | undefined {
  const revision = revisionOf(state.deployment)
  return state.replicaSets.find((set) => revision !== undefined && revisionOf(set) === revision)
}

/** Pods of the current template, the Terminating ones among them; all others are old. */
export function splitPods(state: ComponentState): { current: readonly Pod[]; old: readonly Pod[] } {
  const hash = currentReplicaSet(state)?.metadata?.labels?.[hashLabel]
  const isCurrent = (pod: Pod): boolean => hash !== undefined && pod.metadata?.labels?.[hashLabel] === hash
  return { current: state.pods.filter(isCurrent), old: state.pods.filter((pod) => !isCurrent(pod)) }
}

export function isTerminating(pod: Pod): boolean {
  return pod.metadata?.deletionTimestamp !== undefined
}

export function isReady(pod: Pod): boolean {
  return (
    !isTerminating(pod) &&
    pod.status?.phase === 'Running' &&
    (pod.status.conditions ?? []).some(
      (condition) => condition.type === 'Ready' && condition.status === 'True',
    )
  )
}

/** Restarts of all containers of a pod since it was made. */
export function restartsOf(pod: Pod): number {
  return (pod.status?.containerStatuses ?? []).reduce((sum, status) => sum + status.restartCount, 0)
}

export function containersOf(deployment: Deployment): readonly Container[] {
  return deployment.spec?.template.spec?.containers ?? []
}

export function containerOf(deployment: Deployment, name: string): Container | undefined {
  return containersOf(deployment).find((container) => container.name === name)
}

/** What `kubectl get pods` would show in its columns. */
export function describePod(pod: Pod): string {
  const statuses = pod.status?.containerStatuses ?? []
  const waiting = statuses.find((status) => status.state?.waiting?.reason !== undefined)?.state?.waiting
    ?.reason
  const ended = statuses.find((status) => status.state?.terminated?.reason !== undefined)?.state?.terminated
    ?.reason
  const state = isTerminating(pod) ? 'Terminating' : (waiting ?? ended ?? pod.status?.phase ?? 'Unknown')
  const ready = statuses.filter((status) => status.ready).length
  const containers = pod.spec?.containers.length ?? statuses.length
  return `${nameOf(pod)}  ${ready}/${containers}  ${state}  ${restartsOf(pod)} restarts`
}
