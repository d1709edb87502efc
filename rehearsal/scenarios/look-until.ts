import type { ComponentState } from '../../packages/shared/src/cluster/component.ts'
import { KubernetesCluster } from '../../packages/shared/src/cluster/kubernetes-cluster.ts'
import type { StartedDeployment } from '../world/deploy.ts'
import type { RehearsalEnvironment } from '../world/environment.ts'
import type { World } from '../world/world.ts'

/** Longer than any scenario. */
const limitMs = 600_000

/**
 * Looks at a Deployment at each of its changes while a deployment runs, until `find` finds something; undefined where
 * the run has ended before. What pods show on the way is gone afterwards.
 */
export async function lookUntil<T>(
  { api }: World,
  { namespace }: RehearsalEnvironment,
  { finished }: StartedDeployment,
  deployment: string,
  find: (state: ComponentState) => T | undefined,
): Promise<T | undefined> {
  const ended = new AbortController()
  const end = (): void => {
    ended.abort()
  }
  finished.then(end, end)
  const signal = AbortSignal.any([ended.signal, AbortSignal.timeout(limitMs)])
  const watch = await new KubernetesCluster(api, namespace).watch(signal)
  try {
    for (;;) {
      const state = watch.state(deployment)
      const found = state && find(state)
      if (found !== undefined) return found
      await watch.next(new Date(Date.now() + limitMs), signal)
    }
  } catch (error) {
    if (ended.signal.aborted) return undefined
    throw error
  } finally {
    watch.close()
  }
}
