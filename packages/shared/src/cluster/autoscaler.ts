import type { V2HorizontalPodAutoscaler } from '@kubernetes/client-node'
import type { ReadingApi } from './reading-api.ts'
import { ApiError } from './api-error.ts'
import type { Cluster } from './cluster.ts'
import type { ComponentState } from './component.ts'
import { pauseOfOthers } from './wake/handle.ts'
import { horizontalPodAutoscalers, scaledObjects, type KedaScaledObject, type Wire } from './resources.ts'

/** What decides a Deployment's replicas, so that nobody else may. */
export interface Autoscaler {
  readonly kind: 'HPA' | 'KEDA'
  readonly name: string
  readonly min: number
  readonly max: number
  /** The annotation by which somebody other than the suite has paused it: `autoscaling.keda.sh/paused: true`. */
  readonly pausedBy?: string
}

/** KEDA's own defaults (ScaledObject, keda.sh/v1alpha1). */
const kedaDefaults = { min: 0, max: 100 }

/** `2–10 by HPA`, as it stands beside a component's pods. */
export function describeAutoscaler({ kind, min, max }: Autoscaler): string {
  return `${min === max ? min : `${min}–${max}`} by ${kind}`
}

/**
 * What scales the Deployments of a namespace, by their name. KEDA scales by an HPA that it makes itself, which never
 * says zero: where there is a ScaledObject, that one is told.
 */
export function autoscalersOf(
  hpas: readonly Wire<V2HorizontalPodAutoscaler>[],
  scaled: readonly Wire<KedaScaledObject>[],
): ReadonlyMap<string, Autoscaler> {
  const found = new Map<string, Autoscaler>()
  for (const { metadata, spec } of hpas) {
    if (spec.scaleTargetRef.kind !== 'Deployment') continue
    const { minReplicas: min = 1, maxReplicas: max } = spec
    found.set(spec.scaleTargetRef.name, { kind: 'HPA', name: metadata?.name ?? '', min, max })
  }
  for (const { metadata, spec } of scaled) {
    const { kind = 'Deployment', name } = spec?.scaleTargetRef ?? {}
    if (kind !== 'Deployment' || name === undefined) continue
    const { minReplicaCount: min = kedaDefaults.min, maxReplicaCount: max = kedaDefaults.max } = spec ?? {}
    const pausedBy = pauseOfOthers(metadata?.annotations)
    const paused = pausedBy !== undefined && { pausedBy }
    found.set(name, { kind: 'KEDA', name: metadata?.name ?? '', min, max, ...paused })
  }
  return found
}

/** Reads what scales a namespace. Where KEDA is not installed the server knows no ScaledObjects. */
export async function readAutoscalers(
  api: ReadingApi,
  namespace: string,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Autoscaler>> {
  const [hpas, scaled] = await Promise.all([
    api.list(horizontalPodAutoscalers, namespace, { signal }),
    api.list(scaledObjects, namespace, { signal }).catch((error: unknown) => {
      if (error instanceof ApiError && error.isNotFound) return { items: [] }
      throw error
    }),
  ])
  return autoscalersOf(hpas.items, scaled.items)
}

/** The named components with what scales them: what a plan needs to know. */
export async function scaledComponents(
  cluster: Cluster,
  names: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, ComponentState>> {
  const [states, autoscalers] = await Promise.all([
    cluster.components(names, signal),
    cluster.autoscalers(signal),
  ])
  return new Map(
    [...states].map(([name, state]) => {
      const autoscaler = autoscalers.get(name)
      return [name, { ...state, ...(autoscaler !== undefined && { autoscaler }) }]
    }),
  )
}
