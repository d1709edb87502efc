import { isTerminating, type ComponentState, type Pod } from './component.ts'

export {
  formatImage,
  imageLabel,
  parseImage,
  shortDigest,
  type ImageReference,
} from '../record/image-reference.ts'

const digestAtEnd = /(sha256:[0-9a-f]{64})$/

/** The digest that the node reports for a container; undefined until the image is pulled. */
export function runningDigest(pod: Pod, container: string): string | undefined {
  const status = pod.status?.containerStatuses?.find((entry) => entry.name === container)
  return digestAtEnd.exec(status?.imageID ?? '')?.[1]
}

/**
 * The digests that a component's pods run in one container, each with the number of pods. Terminating pods are left
 * out; pods that have not pulled yet count under `undefined`.
 */
export function runningDigests(
  state: ComponentState,
  container: string,
): ReadonlyMap<string | undefined, number> {
  const counts = new Map<string | undefined, number>()
  for (const pod of state.pods) {
    if (isTerminating(pod)) continue
    const digest = runningDigest(pod, container)
    counts.set(digest, (counts.get(digest) ?? 0) + 1)
  }
  return counts
}

/**
 * The one content that a component's pods run in one container, with their number. Undefined where it has no pod; one
 * sentence where it has, and that cannot be told.
 *
 * @param because what it means that they do not agree, for the end of the sentence
 */
export function contentOfPods(
  state: ComponentState,
  container: string,
  because = '',
): { readonly digest: string; readonly pods: number } | string | undefined {
  const [first, ...others] = [...runningDigests(state, container)]
  if (first === undefined) return undefined
  const [digest, pods] = first
  if (digest === undefined) return 'A pod is Ready whose node does not report which image it runs.'
  if (others.length > 0) return `Its pods run ${others.length + 1} different images${because}.`
  return { digest, pods }
}
