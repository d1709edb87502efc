import { setTimeout as timer } from 'node:timers/promises'
import type { KubernetesApi } from './api.ts'
import type { ComponentWatch } from './cluster.ts'
import { Collection } from './collection.ts'
import { componentState } from './component.ts'
import { deployments, pods, replicaSets, type AnyObject } from './resources.ts'

/** Who owns which field is long and is not looked at while following. */
function trim<T extends AnyObject>(object: T): T {
  const { managedFields: _, ...metadata } = object.metadata ?? {}
  return { ...object, metadata }
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
    new Collection(api, pods, namespace, { trim }),
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
