import { UserError } from '../../errors.ts'
import type { Sleeper } from '../../record/sleeper.ts'
import type { KubernetesApi } from '../api.ts'
import { replicasOf } from '../component.ts'
import { deployments } from '../resources.ts'
import { pausedBySomebody } from './decide-wake.ts'
import { handleOf, isHeldBy, pauseOfOthers } from './handle.ts'
import { writeFresh } from './write-fresh.ts'

/**
 * Holds a component that is scaled to zero, in one write with the mark that says so. Done twice it is the same as once.
 * False where the component is awake by itself: then nothing is held.
 *
 * @throws UserError where somebody has paused its ScaledObject, or taken it away
 */
export async function hold(
  api: KubernetesApi,
  namespace: string,
  sleeper: Sleeper,
  signal: AbortSignal,
): Promise<boolean> {
  const { deployment, scaledObject, replicas } = sleeper
  const handle = handleOf(sleeper)
  return writeFresh(
    api,
    namespace,
    handle,
    async (object) => {
      if (object === undefined) throw isGone(handle.resource.kind, handle.name)
      if (isHeldBy(handle, object)) return { answer: true }
      // To pause KEDA now would take pods away from the work that has woken the component.
      if (replicasOf(await api.get(deployments, namespace, deployment, { signal })) > 0)
        return { answer: false }
      const pause = pauseOfOthers(object.metadata?.annotations)
      if (scaledObject !== undefined && pause !== undefined)
        throw pausedBySomebody(deployment, scaledObject, pause)
      return { answer: true, patch: handle.patch(replicas) }
    },
    signal,
  )
}

/** Whether the suite holds a component awake. */
export async function isHeld(
  api: KubernetesApi,
  namespace: string,
  sleeper: Sleeper,
  signal: AbortSignal,
): Promise<boolean> {
  const handle = handleOf(sleeper)
  const object = await api.find(handle.resource, namespace, handle.name, { signal })
  return object !== undefined && isHeldBy(handle, object)
}

function isGone(kind: string, name: string): UserError {
  return new UserError(
    `${kind} "${name}" is gone since the plan was made: nothing is woken by it.`,
    'Start a new run, which plans with what there is.',
  )
}
