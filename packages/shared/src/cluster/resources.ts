import type {
  CoreV1Event,
  V1ConfigMap,
  V1Deployment,
  V1Job,
  V1Lease,
  V1Namespace,
  V1Node,
  V1ObjectMeta,
  V1Pod,
  V1ReplicaSet,
  V1ResourceQuota,
  V1Service,
  V2HorizontalPodAutoscaler,
} from '@kubernetes/client-node'

/** A kind of Kubernetes object and where the API serves it. `type` exists for the compiler only. */
export interface Resource<T> {
  /** Empty for the core group. */
  readonly group: string
  readonly version: string
  readonly plural: string
  readonly kind: string
  readonly namespaced: boolean
  /** Only the metadata is asked for: the server never sends the rest. */
  readonly metadataOnly?: true
  readonly type?: T
}

/**
 * An object as it travels: plain JSON. The generated types say Date for timestamps; on the wire they are
 * RFC 3339 strings, and stay strings here.
 */
export type Wire<T> = unknown extends T
  ? T
  : T extends Date
    ? string
    : T extends readonly (infer Item)[]
      ? Wire<Item>[]
      : T extends object
        ? { [Key in keyof T]: Wire<T[Key]> }
        : T

/** What a metadata-only request answers. */
export interface MetadataOnly {
  apiVersion?: string
  kind?: string
  metadata?: V1ObjectMeta
}

/** What we read of KEDA's own kind, which has no generated type. */
export interface KedaScaledObject {
  metadata?: V1ObjectMeta
  spec?: {
    /** A Deployment where `kind` is absent. */
    scaleTargetRef?: { kind?: string; name?: string }
    minReplicaCount?: number
    maxReplicaCount?: number
  }
}

/** What we read of a LimitRange, whose generated type names `default` otherwise than the wire. */
export interface LimitRange {
  metadata?: { name?: string }
  spec?: {
    limits?: {
      /** The defaults are of `Container` only. */
      type: string
      default?: Record<string, string>
      defaultRequest?: Record<string, string>
    }[]
  }
}

/** The part that every object has. */
export interface AnyObject {
  apiVersion?: string
  kind?: string
  metadata?: Wire<V1ObjectMeta>
}

const resource = <T>(group: string, version: string, plural: string, kind: string): Resource<T> => ({
  group,
  version,
  plural,
  kind,
  namespaced: true,
})

export const deployments = resource<V1Deployment>('apps', 'v1', 'deployments', 'Deployment')
export const replicaSets = resource<V1ReplicaSet>('apps', 'v1', 'replicasets', 'ReplicaSet')
export const pods = resource<V1Pod>('', 'v1', 'pods', 'Pod')
export const services = resource<V1Service>('', 'v1', 'services', 'Service')
export const configMaps = resource<V1ConfigMap>('', 'v1', 'configmaps', 'ConfigMap')
export const events = resource<CoreV1Event>('', 'v1', 'events', 'Event')
export const jobs = resource<V1Job>('batch', 'v1', 'jobs', 'Job')
export const leases = resource<V1Lease>('coordination.k8s.io', 'v1', 'leases', 'Lease')
export const horizontalPodAutoscalers = resource<V2HorizontalPodAutoscaler>(
  'autoscaling',
  'v2',
  'horizontalpodautoscalers',
  'HorizontalPodAutoscaler',
)
export const scaledObjects = resource<KedaScaledObject>(
  'keda.sh',
  'v1alpha1',
  'scaledobjects',
  'ScaledObject',
)
export const resourceQuotas = resource<V1ResourceQuota>('', 'v1', 'resourcequotas', 'ResourceQuota')
export const limitRanges = resource<LimitRange>('', 'v1', 'limitranges', 'LimitRange')
export const nodes: Resource<V1Node> = {
  ...resource<V1Node>('', 'v1', 'nodes', 'Node'),
  namespaced: false,
}
export const namespaces: Resource<V1Namespace> = {
  ...resource<V1Namespace>('', 'v1', 'namespaces', 'Namespace'),
  namespaced: false,
}

/** Names and versions only: the values of Secrets never leave the server. */
export const secrets: Resource<MetadataOnly> = {
  ...resource<MetadataOnly>('', 'v1', 'secrets', 'Secret'),
  metadataOnly: true,
}

/** `apps/v1`, or `v1` for the core group: the apiVersion of the resource's objects. */
export function apiVersionOf({ group, version }: Resource<unknown>): string {
  return group === '' ? version : `${group}/${version}`
}
