import { UserError } from '../../errors.ts'
import type { KubernetesApi } from '../api.ts'
import { AmbiguousWrite, ApiError } from '../api-error.ts'
import { configMaps } from '../resources.ts'
import { isSameData } from './same-data.ts'

const writeAttempts = 10

/** What became of a ConfigMap: only one that is written makes the pods that use it old. */
export type ConfigMapRestored = 'unchanged' | 'written'

/**
 * Puts the data of a ConfigMap back as its immutable copy has it.
 *
 * @throws UserError where the copy is gone, or the ConfigMap itself is immutable
 */
export async function restoreConfigMap(
  api: KubernetesApi,
  namespace: string,
  { name, copy }: { readonly name: string; readonly copy: string },
  signal: AbortSignal,
): Promise<ConfigMapRestored> {
  const kept = await api.find(configMaps, namespace, copy, { signal })
  if (kept === undefined) {
    throw new UserError(
      `ConfigMap ${copy}, the copy of ${name} as it was, is gone.`,
      `Put ${name} back by hand, then run the rollback again with the components alone.`,
    )
  }
  const { data = {} } = kept
  for (let attempt = 0; attempt < writeAttempts; attempt += 1) {
    const live = await api.find(configMaps, namespace, name, { signal })
    if (live !== undefined && isSameData(live.data ?? {}, data))
      return attempt === 0 ? 'unchanged' : 'written'
    if (live?.immutable === true) {
      throw new UserError(
        `ConfigMap ${name} is immutable and says something else than before.`,
        'Delete it and run the rollback again: it is made anew as it was.',
      )
    }
    try {
      await (live === undefined
        ? api.create(configMaps, namespace, { metadata: { name }, data }, { signal })
        : api.replace(configMaps, namespace, name, { ...live, data }, { signal }))
      return 'written'
    } catch (error) {
      if (error instanceof AmbiguousWrite) continue
      const isRaced = error instanceof ApiError && (error.isConflict || error.isAlreadyExists)
      if (!isRaced) throw error
    }
  }
  throw new UserError(
    `ConfigMap ${name} is changed by somebody else again and again.`,
    'See who with "kubectl get configmap --show-managed-fields", then run the rollback again.',
  )
}
