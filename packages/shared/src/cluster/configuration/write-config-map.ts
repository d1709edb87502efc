import { UserError } from '../../errors.ts'
import type { KubernetesApi } from '../api.ts'
import { AmbiguousWrite, ApiError } from '../api-error.ts'
import { configMaps, type Wire } from '../resources.ts'
import type { V1ConfigMap } from '@kubernetes/client-node'
import { contentDigest, dataDigest, type ConfigMapContent, type Data } from './content-digest.ts'

const writeAttempts = 10

/** What became of a ConfigMap: only one that is written makes the pods that use it old. */
export type ConfigMapWritten = 'unchanged' | 'written'

/**
 * Gives a ConfigMap its data; its binary data, too, where that is given, else it stays. A write whose answer was lost is
 * looked at again before anything is written twice.
 *
 * @param check is told what stands there before each write (undefined: nothing), and throws where that must not be overwritten
 * @throws UserError where others keep changing it, and what `check` throws
 */
export async function writeConfigMap(
  api: KubernetesApi,
  namespace: string,
  { name, ...content }: { readonly name: string } & ConfigMapContent,
  check: (live: Wire<V1ConfigMap> | undefined) => void,
  signal: AbortSignal,
): Promise<ConfigMapWritten> {
  const { data, binaryData } = content
  const written = { data, ...(binaryData !== undefined && { binaryData }) }
  for (let attempt = 0; attempt < writeAttempts; attempt += 1) {
    const live = await api.find(configMaps, namespace, name, { signal })
    if (live !== undefined && isAs(content, live)) return attempt === 0 ? 'unchanged' : 'written'
    check(live)
    try {
      await (live === undefined
        ? api.create(configMaps, namespace, { metadata: { name }, ...written }, { signal })
        : api.replace(configMaps, namespace, name, { ...live, ...written }, { signal }))
      return 'written'
    } catch (error) {
      if (error instanceof AmbiguousWrite) continue
      const isRaced = error instanceof ApiError && (error.isConflict || error.isAlreadyExists)
      if (!isRaced) throw error
    }
  }
  throw new UserError(
    `ConfigMap ${name} is changed by somebody else again and again.`,
    'See who with "kubectl get configmap --show-managed-fields", then run it again.',
  )
}

/** Whether it says that already. */
function isAs(wanted: ConfigMapContent, { data = {}, binaryData }: Wire<V1ConfigMap>): boolean {
  const live = { data, binaryData: wanted.binaryData === undefined ? undefined : binaryData }
  return contentDigest(live) === contentDigest(wanted)
}

/**
 * Changes a ConfigMap from what was planned on.
 *
 * @param before the digest of the data that the plan saw
 * @throws UserError where it says something else by now, is gone, or is immutable
 */
export function changeConfigMap(
  api: KubernetesApi,
  namespace: string,
  { name, data, before }: { readonly name: string; readonly data: Data; readonly before: string },
  signal: AbortSignal,
): Promise<ConfigMapWritten> {
  const check = (live: Wire<V1ConfigMap> | undefined): void => {
    if (live?.immutable === true) {
      throw new UserError(
        `ConfigMap ${name} is immutable.`,
        'Make it anew without "immutable: true"; a copy of what it said is kept by each change.',
      )
    }
    if (live !== undefined && dataDigest(live.data ?? {}) === before) return
    throw new UserError(
      `ConfigMap ${name} ${live === undefined ? 'is gone' : 'was changed by somebody else since the plan'}; nothing was written.`,
      'See who with "kubectl get configmap --show-managed-fields", then start a new run.',
    )
  }
  return writeConfigMap(api, namespace, { name, data }, check, signal)
}
