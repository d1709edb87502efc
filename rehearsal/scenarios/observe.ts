import { KubernetesCluster } from '../../packages/shared/src/cluster/kubernetes-cluster.ts'
import { isReady, isTerminating, splitPods } from '../../packages/shared/src/cluster/component.ts'
import { runningDigest } from '../../packages/shared/src/cluster/image.ts'
import { components } from '../pipeline/components.ts'
import type { RehearsalEnvironment } from '../world/environment.ts'
import type { World } from '../world/world.ts'

/** What one Deployment is found to be, looked at from outside. */
export interface Found {
  readonly image: string
  readonly pods: number
  readonly ready: number
  /** Pods of an older template, Terminating ones included. */
  readonly old: number
  readonly digests: readonly string[]
  readonly generation: number
}

/** How an environment stands now. */
export async function look(
  world: World,
  { namespace }: RehearsalEnvironment,
): Promise<Record<string, Found>> {
  const states = await new KubernetesCluster(world.api, namespace).components(
    components,
    AbortSignal.timeout(30_000),
  )
  return Object.fromEntries(
    [...states].map(([name, state]) => {
      const present = state.pods.filter((pod) => !isTerminating(pod))
      const digests = present.map((pod) => runningDigest(pod, name) ?? 'not pulled')
      return [
        name,
        {
          image: state.deployment.spec?.template.spec?.containers[0]?.image ?? '',
          pods: present.length,
          ready: present.filter(isReady).length,
          old: splitPods(state).old.length,
          digests: [...new Set(digests)].sort(),
          generation: state.deployment.metadata?.generation ?? 0,
        },
      ]
    }),
  )
}
