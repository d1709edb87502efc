// Objects for tests, shaped as the API server serves them.
import type { ComponentState, ContainerStatus, Deployment, Pod, ReplicaSet } from './component.ts'

export const digestA = `sha256:${'a'.repeat(64)}`
export const digestB = `sha256:${'b'.repeat(64)}`

interface DeploymentShape {
  name?: string
  replicas?: number
  generation?: number
  observed?: number
  revision?: string
  image?: string
  /** What its pods run. */
  digest?: string
  status?: NonNullable<Deployment['status']>
  strategy?: NonNullable<NonNullable<Deployment['spec']>['strategy']>
}

export function deploymentOf(shape: DeploymentShape = {}): Deployment {
  const {
    name = 'download-worker',
    replicas = 6,
    generation = 2,
    observed = generation,
    revision = '2',
  } = shape
  return {
    metadata: {
      name,
      uid: `uid-${name}`,
      generation,
      resourceVersion: '100',
      annotations: { 'deployment.kubernetes.io/revision': revision },
    },
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      template: { spec: { containers: [{ name, image: shape.image ?? `registry.local/${name}:v1.1.0` }] } },
      ...(shape.strategy !== undefined && { strategy: shape.strategy }),
    },
    status: {
      observedGeneration: observed,
      replicas,
      updatedReplicas: replicas,
      availableReplicas: replicas,
      readyReplicas: replicas,
      ...shape.status,
    },
  }
}

export function replicaSetOf(deployment: Deployment, hash: string, revision: string): ReplicaSet {
  const name = deployment.metadata?.name ?? ''
  return {
    metadata: {
      name: `${name}-${hash}`,
      uid: `uid-${name}-${hash}`,
      labels: { 'pod-template-hash': hash },
      annotations: { 'deployment.kubernetes.io/revision': revision },
      ownerReferences: [
        { apiVersion: 'apps/v1', kind: 'Deployment', name, uid: `uid-${name}`, controller: true },
      ],
    },
    spec: { selector: {} },
  }
}

interface PodShape {
  ready?: boolean
  terminating?: boolean
  restarts?: number
  digest?: string
  waiting?: { reason: string; message?: string }
  terminated?: { exitCode: number; reason: string }
  conditions?: NonNullable<NonNullable<Pod['status']>['conditions']>
}

export function podOf(set: ReplicaSet, id: string, shape: PodShape = {}): Pod {
  const container = (set.metadata?.name ?? '').replace(/-[^-]+$/, '')
  const ready = shape.ready ?? (shape.waiting === undefined && shape.terminated === undefined)
  const status: ContainerStatus = {
    name: container,
    image: '',
    imageID: shape.digest === undefined ? '' : `registry.local/${container}@${shape.digest}`,
    ready,
    restartCount: shape.restarts ?? 0,
    state:
      shape.waiting !== undefined
        ? { waiting: shape.waiting }
        : shape.terminated !== undefined
          ? { terminated: shape.terminated }
          : { running: {} },
  }
  return {
    metadata: {
      name: `${set.metadata?.name ?? ''}-${id}`,
      uid: `uid-${set.metadata?.name ?? ''}-${id}`,
      creationTimestamp: '2026-11-23T10:00:00Z',
      labels: { 'pod-template-hash': set.metadata?.labels?.['pod-template-hash'] ?? '' },
      ownerReferences: [
        {
          apiVersion: 'apps/v1',
          kind: 'ReplicaSet',
          name: set.metadata?.name ?? '',
          uid: set.metadata?.uid ?? '',
        },
      ],
      ...(shape.terminating === true && { deletionTimestamp: '2026-11-23T10:00:30Z' }),
    },
    spec: { containers: [{ name: container }] },
    status: {
      phase: shape.waiting === undefined ? 'Running' : 'Pending',
      conditions: shape.conditions ?? [{ type: 'Ready', status: ready ? 'True' : 'False' }],
      containerStatuses: [status],
    },
  }
}

/** A Deployment on revision 2 with `count` Ready pods of its current template, and what else is given. */
export function settledComponent(
  shape: DeploymentShape = {},
  more: Partial<ComponentState> = {},
): ComponentState {
  const deployment = deploymentOf(shape)
  const current = replicaSetOf(deployment, 'new', shape.revision ?? '2')
  const pods = Array.from({ length: shape.replicas ?? 6 }, (_, index) =>
    podOf(current, String(index), { digest: shape.digest ?? digestB }),
  )
  return { deployment, replicaSets: [current], pods, ...more }
}
