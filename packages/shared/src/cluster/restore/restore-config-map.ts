import { UserError } from '../../errors.ts'
import type { KubernetesApi } from '../api.ts'
import { writeConfigMap, type ConfigMapWritten } from '../configuration/write-config-map.ts'
import { configMaps } from '../resources.ts'

/**
 * Puts what a ConfigMap says back as its immutable copy has it.
 *
 * @throws UserError where the copy is gone, or the ConfigMap itself is immutable
 */
export async function restoreConfigMap(
  api: KubernetesApi,
  namespace: string,
  { name, copy }: { readonly name: string; readonly copy: string },
  signal: AbortSignal,
): Promise<ConfigMapWritten> {
  const kept = await api.find(configMaps, namespace, copy, { signal })
  if (kept === undefined) {
    throw new UserError(
      `ConfigMap ${copy}, the copy of ${name} as it was, is gone.`,
      `Put ${name} back by hand, then run the rollback again with the components alone.`,
    )
  }
  return writeConfigMap(
    api,
    namespace,
    { name, data: kept.data ?? {}, binaryData: kept.binaryData ?? {} },
    (live) => {
      if (live?.immutable !== true) return
      throw new UserError(
        `ConfigMap ${name} is immutable and says something else than before.`,
        'Delete it and run the rollback again: it is made anew as it was.',
      )
    },
    signal,
  )
}
