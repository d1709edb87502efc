import type { KubernetesApi } from '../api.ts'
import { AmbiguousWrite, ApiError } from '../api-error.ts'
import type { Wire } from '../resources.ts'
import type { Handle, Handled, Patch } from './handle.ts'

/** How often a write is repeated where somebody else, most often a controller, has written since it was read. */
const attempts = 10

/** What follows from what was read. */
export interface Decision<Answer> {
  readonly answer: Answer
  /** Absent where nothing is to be written. */
  readonly patch?: Patch
}

/**
 * Reads the object, decides, and writes only onto what was read; decided anew where somebody wrote in between, or where it
 * is not known whether the write was executed.
 *
 * @param decide gets undefined where the object does not exist
 * @throws the last conflict where others never come to rest
 */
export async function writeFresh<Answer>(
  api: KubernetesApi,
  namespace: string,
  { resource, name }: Handle,
  decide: (object: Wire<Handled> | undefined) => Decision<Answer> | Promise<Decision<Answer>>,
  signal: AbortSignal,
): Promise<Answer> {
  for (let attempt = 1; ; attempt += 1) {
    const object = await api.find(resource, namespace, name, { signal })
    const { answer, patch } = await decide(object)
    if (patch === undefined) return answer
    const metadata = { ...patch.metadata, resourceVersion: object?.metadata?.resourceVersion }
    try {
      await api.patch(resource, namespace, name, { ...patch, metadata }, 'merge', { signal })
      return answer
    } catch (error) {
      const isOpen = error instanceof AmbiguousWrite || (error instanceof ApiError && error.isConflict)
      if (!isOpen || attempt === attempts) throw error
    }
  }
}
