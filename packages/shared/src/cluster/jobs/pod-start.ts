import type { V1ContainerStatus, V1Pod } from '@kubernetes/client-node'
import type { Wire } from '../resources.ts'

/** How far the one container of a Job's pod has come. */
export type PodStart =
  /** It may come by itself. */
  | { readonly state: 'coming'; readonly why: string }
  /** It does not come without a person. */
  | { readonly state: 'stuck'; readonly why: string; readonly next: string }
  /** It runs, or has run: there is a log. */
  | { readonly state: 'started' }

const pullReasons = new Set([
  'ErrImagePull',
  'ImagePullBackOff',
  'InvalidImageName',
  'ErrImageNeverPull',
  'RegistryUnavailable',
])
const configReasons = new Set(['CreateContainerConfigError', 'CreateContainerError', 'RunContainerError'])

/**
 * Reads a pod. A pull that fails once may heal, so that it is stuck only when the node backs off; a pod that no node
 * takes may get one from an autoscaler.
 */
export function podStart(pod: Wire<V1Pod>): PodStart {
  const status = containerStatus(pod)
  const waiting = status?.state?.waiting
  const { reason = '', message = '' } = waiting ?? {}
  if (status?.state?.running !== undefined || status?.state?.terminated !== undefined)
    return { state: 'started' }
  if (pullReasons.has(reason)) {
    const why = `its image ${pod.spec?.containers[0]?.image ?? ''} cannot be pulled: ${said(message, reason)}`
    return reason === 'ErrImagePull' || reason === 'RegistryUnavailable'
      ? { state: 'coming', why }
      : {
          state: 'stuck',
          why,
          next: 'Name an image with Node 24 that the nodes of the cluster can pull: kafka.job.image.',
        }
  }
  if (configReasons.has(reason)) {
    return {
      state: 'stuck',
      why: `its container cannot be made: ${said(message, reason)}`,
      next: 'Mend the Secrets that kafka.job.secrets names, or the image (kafka.job.image).',
    }
  }
  const scheduled = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled')
  if (scheduled?.status === 'False')
    return { state: 'coming', why: `no node takes its pod: ${said(scheduled.message, 'no reason given')}` }
  return { state: 'coming', why: `its pod is ${said(reason, pod.status?.phase ?? 'Pending')}` }
}

/** How the one container of a Job's pod has ended. */
export interface PodEnd {
  readonly isSuccess: boolean
  /** For people: `exit code 1`, `OOMKilled`. */
  readonly why: string
}

/** Undefined where it has not ended. */
export function podEnd(pod: Wire<V1Pod>): PodEnd | undefined {
  const { reason, message } = pod.status ?? {}
  const terminated = containerStatus(pod)?.state?.terminated
  // An eviction, or a deadline: of the pod as a whole.
  if (terminated === undefined)
    return reason === undefined ? undefined : { isSuccess: false, why: said(message, reason) }
  const { exitCode } = terminated
  if (terminated.reason === 'OOMKilled')
    return { isSuccess: false, why: 'OOMKilled: it needed more memory than its limit' }
  const told = terminated.message?.trim() ?? ''
  return {
    isSuccess: exitCode === 0,
    why: told === '' ? `exit code ${exitCode}` : `exit code ${exitCode}, ${told}`,
  }
}

function containerStatus({ status }: Wire<V1Pod>): Wire<V1ContainerStatus> | undefined {
  return status?.containerStatuses?.[0]
}

/** What Kubernetes says, or else the reason's name. */
function said(message: string | undefined, otherwise: string): string {
  return message === undefined || message.trim() === '' ? otherwise : message.trim()
}
