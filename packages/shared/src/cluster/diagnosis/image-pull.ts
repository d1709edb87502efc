import type { DiagnosisKind } from '../../record/diagnosis.ts'
import { clipped, sentence, whichPods, type Rule } from './finding.ts'
import type { ContainerView, PodView } from './pod-view.ts'

type PullKind = Extract<DiagnosisKind, `image-${string}`>

const reasons = new Set([
  'ErrImagePull',
  'ImagePullBackOff',
  'RegistryUnavailable',
  'SignatureValidationFailed',
])
const invalid = new Set(['InvalidImageName', 'ErrImageNeverPull', 'ImageInspectError'])

/** In this order: a refusal often adds that the repository "does not exist", because the registry will not say. */
const words: readonly (readonly [PullKind, RegExp])[] = [
  ['image-rate-limit', /\b429\b|too ?many ?requests|rate limit|pull QPS exceeded/iu],
  [
    'image-unauthorised',
    /\b40[13]\b|unauthori[sz]ed|forbidden|denied|authentication required|authorization failed|insufficient_scope|no basic auth credentials/iu,
  ],
  [
    'image-not-found',
    /\b404\b|not found|code = NotFound|(?:manifest|name|repository name) (?:unknown|not known)/iu,
  ],
]

/** An image that the node cannot get, told apart by the kubelet's message. */
export const imagePull: Rule = ({ pods }) => {
  const stuck = pods.flatMap((pod) =>
    pod.containers
      .filter(({ waiting: { reason = '' } = {} }) => reasons.has(reason) || invalid.has(reason))
      .map((container) => ({ pod, container })),
  )
  const [first] = stuck
  if (first === undefined) return undefined
  const { pod, container } = first
  const { kind, message } = toldApart(pod, container)
  const { image } = container
  const [pullSecret] = pod.pullSecrets
  const who = whichPods(stuck.map((each) => each.pod.name))
  const fault = {
    'image-not-found': `its image cannot be pulled: ${clipped(image)} is not in the registry`,
    'image-unauthorised': `its image cannot be pulled: the registry does not let the node have ${clipped(image)}; ${secretsOf(pod)}`,
    'image-rate-limit': `its image cannot be pulled: the registry limits how often ${clipped(image)} is pulled`,
    'image-pull': `its image cannot be pulled: ${clipped(message === '' ? image : message)}`,
    'image-invalid': `its image reference is not valid on the node: ${clipped(message === '' ? image : message)}`,
  }[kind]
  return {
    kind,
    sentence: sentence(`${who}: ${fault}`),
    section: 'imagePull',
    pod: pod.name,
    image,
    ...(pullSecret !== undefined && { pullSecret }),
  }
}

/** While it backs off an older kubelet says no more than that: then its events tell. */
function toldApart(pod: PodView, { waiting }: ContainerView): { kind: PullKind; message: string } {
  const { reason = '', message = '' } = waiting ?? {}
  if (invalid.has(reason)) return { kind: 'image-invalid', message: withoutPrefix(message) }
  const said = [
    message,
    ...pod.events.filter((event) => event.reason === 'Failed').map((event) => event.message),
  ]
  for (const text of said) {
    const [kind] = words.find(([, pattern]) => pattern.test(text)) ?? []
    if (kind !== undefined) return { kind, message: withoutPrefix(text) }
  }
  const telling = said.find((text) => !/^(?:back-off pulling image "[^"]*"|Error: \w+)?$/iu.test(text.trim()))
  return { kind: 'image-pull', message: withoutPrefix(telling ?? message) }
}

function withoutPrefix(message: string): string {
  return message.replace(/^.*?rpc error: code = \w+ desc = /su, '')
}

function secretsOf({ pullSecrets }: PodView): string {
  return pullSecrets.length === 0
    ? 'the pod names no image pull secret'
    : `the pod names the image pull secret ${pullSecrets.join(', ')}`
}
