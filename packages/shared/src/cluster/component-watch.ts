import { setTimeout as timer } from 'node:timers/promises'
import type { KubernetesApi } from './api.ts'
import type { ComponentWatch } from './cluster.ts'
import { Collection } from './collection.ts'
import { componentState, type Container, type Pod } from './component.ts'
import { deployments, pods, replicaSets, type AnyObject } from './resources.ts'

/** Who owns which field is long and is not looked at while following. */
function trim<T extends AnyObject>(object: T): T {
  const { managedFields: _, ...metadata } = object.metadata ?? {}
  return { ...object, metadata }
}

/**
 * Of a pod what following a rollout and its diagnosis look at: of a thousand pods, each in several versions until the old
 * ones are collected, the rest is most of the memory.
 */
function trimPod({ metadata = {}, spec, status = {} }: Pod): Pod {
  const kept = (container: Container): Container => only(container, 'name', 'image', 'resources')
  return {
    metadata: only(
      metadata,
      'name',
      'uid',
      'creationTimestamp',
      'deletionTimestamp',
      'labels',
      'ownerReferences',
    ),
    ...(spec !== undefined && {
      spec: {
        ...only(spec, 'imagePullSecrets'),
        containers: spec.containers.map(kept),
        ...(spec.initContainers !== undefined && { initContainers: spec.initContainers.map(kept) }),
      },
    }),
    status: only(status, 'phase', 'conditions', 'initContainerStatuses', 'containerStatuses'),
  }
}

/** The named fields of an object, as far as it has them. */
function only<T extends object, K extends keyof T>(object: T, ...names: readonly K[]): Pick<T, K> {
  return Object.fromEntries(
    names.filter((name) => name in object).map((name) => [name, object[name]]),
  ) as Pick<T, K>
}

/** While a thousand pods roll something changes all the time: so long all of it is gathered for the next look. */
const gatherMs = 250

/** Watches a namespace: one list and one watch of Deployments, ReplicaSets and pods, however many there are. */
export async function watchComponents(
  api: KubernetesApi,
  namespace: string,
  signal: AbortSignal,
): Promise<ComponentWatch> {
  const own = new AbortController()
  const either = AbortSignal.any([signal, own.signal])
  const collections = [
    new Collection(api, deployments, namespace, { trim }),
    new Collection(api, replicaSets, namespace, { trim }),
    new Collection(api, pods, namespace, { trim: trimPod }),
  ] as const
  const [allDeployments, allSets, allPods] = collections
  try {
    for (const collection of collections) collection.start(either)
    await Promise.all(collections.map((collection) => collection.synced))
  } catch (error) {
    own.abort()
    throw error
  }
  let lookedAt = Number.NEGATIVE_INFINITY
  return {
    state(name) {
      const deployment = allDeployments.get(name)
      return deployment && componentState(deployment, allSets.items(), allPods.items())
    },
    async next(until, cancelled) {
      const waiting = new AbortController()
      const stop = AbortSignal.any([cancelled, waiting.signal])
      const leftMs = Math.max(0, until.getTime() - api.clock.now().getTime())
      const alarm = timer(leftMs, undefined, { signal: stop })
      const changes = collections.map((collection) => collection.next(stop))
      const gathered = Promise.race(changes).then(() =>
        timer(Math.max(0, lookedAt + gatherMs - performance.now()), undefined, { signal: stop }),
      )
      try {
        await Promise.race([alarm, gathered])
      } finally {
        waiting.abort()
        await Promise.allSettled([alarm, gathered, ...changes])
        lookedAt = performance.now()
      }
    },
    close() {
      own.abort()
    },
  }
}
