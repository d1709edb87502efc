import type { Sleeper } from '../../record/sleeper.ts'
import type { KubernetesApi } from '../api.ts'
import { handleOf, heldAt, isHeldBy, unmark } from './handle.ts'
import { writeFresh } from './write-fresh.ts'

/** What became of a component that may be held: somebody's own number stays as it is. */
export type GiveBackEnd = 'given-back' | 'changed-since' | 'not-held'

/**
 * Gives back what `hold` holds, in one write with its mark: a Deployment gets its zero replicas, a ScaledObject decides
 * again. Where somebody has scaled it since, only the mark is taken away.
 */
export function giveBack(
  api: KubernetesApi,
  namespace: string,
  sleeper: Sleeper,
  signal: AbortSignal,
): Promise<GiveBackEnd> {
  const handle = handleOf(sleeper)
  return writeFresh<GiveBackEnd>(
    api,
    namespace,
    handle,
    (object) => {
      if (object === undefined || heldAt(object.metadata?.annotations) === undefined)
        return { answer: 'not-held' }
      if (isHeldBy(handle, object)) return { answer: 'given-back', patch: handle.patch(null) }
      return { answer: 'changed-since', patch: unmark }
    },
    signal,
  )
}
