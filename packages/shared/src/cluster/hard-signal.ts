import { nameOf, splitPods, type ComponentState, type ContainerStatus, type Pod } from './component.ts'
import type { Runbook } from '../runbook/schema.ts'

/** What Kubernetes says by itself, without any metric, that a release cannot run. */
export const hardSignalKinds = [
  'image-pull',
  'invalid-image',
  'container-config',
  'crash-loop',
  'unschedulable',
  'replica-failure',
] as const

export type HardSignalKind = (typeof hardSignalKinds)[number]

export interface HardSignal {
  readonly kind: HardSignalKind
  /** The pod and container that show it; the Deployment's own conditions have none. */
  readonly pod?: string
  readonly container?: string
  /** Kubernetes' own words. */
  readonly message: string
  readonly since: Date
  /** From when on it ends the rollout; before that it may still heal. */
  readonly terminalAt: Date
}

/** How long what may heal is given, from the runbook file. */
export interface Patience {
  /** A registry's rate limit or a slow mirror heals by itself. */
  readonly imagePullMs: number
  /** Waiting for a node, or for room in a quota. */
  readonly unschedulableMs: number
  /** Restarts from which on a container that is down again is a crash loop. */
  readonly restarts: number
}

/** The patience of a runbook file. */
export function patienceOf({ rollout }: Pick<Runbook, 'rollout'>): Patience {
  const { imagePull, unschedulable, restarts } = rollout
  return { imagePullMs: imagePull, unschedulableMs: unschedulable, restarts }
}

/** When each pod's trouble was first seen; carried from one look to the next, because the API does not tell. */
export type FirstSeen = ReadonlyMap<string, Date>

const cannotHeal: Readonly<Record<string, HardSignalKind>> = {
  InvalidImageName: 'invalid-image',
  ErrImageNeverPull: 'invalid-image',
  CreateContainerConfigError: 'container-config',
}
const pullReasons = new Set([
  'ErrImagePull',
  'ImagePullBackOff',
  'RegistryUnavailable',
  'SignatureValidationFailed',
])

/**
 * The hard signals of the pods of the current template, and the memory for the next look.
 * The rules and their patience: what a registry or a scheduler may mend gets time, the rest gets none.
 */
export function hardSignals(
  component: ComponentState,
  seen: FirstSeen,
  patience: Patience,
  now: Date,
): { signals: readonly HardSignal[]; seen: FirstSeen } {
  const stillSeen = new Map<string, Date>()
  const firstSeen = (key: string): Date => {
    const since = seen.get(key) ?? now
    stillSeen.set(key, since)
    return since
  }
  const signals = splitPods(component).current.flatMap((pod) => [
    ...unscheduled(pod, patience),
    ...(pod.status?.initContainerStatuses ?? [])
      .concat(pod.status?.containerStatuses ?? [])
      .flatMap((status) => containerSignal(pod, status, patience, firstSeen, now)),
  ])
  return { signals: [...signals, ...replicaFailure(component, patience, firstSeen)], seen: stillSeen }
}

function containerSignal(
  pod: Pod,
  status: ContainerStatus,
  patience: Patience,
  firstSeen: (key: string) => Date,
  now: Date,
): HardSignal[] {
  const where = { pod: nameOf(pod), container: status.name }
  const waiting = status.state?.waiting
  const reason = waiting?.reason ?? ''
  const key = `${pod.metadata?.uid ?? ''}/${status.name}`

  const hopeless = cannotHeal[reason]
  if (hopeless !== undefined) {
    return [
      {
        kind: hopeless,
        ...where,
        message: `${reason}: ${waiting?.message ?? ''}`,
        since: now,
        terminalAt: now,
      },
    ]
  }
  if (pullReasons.has(reason)) {
    const since = firstSeen(key)
    const message = `${reason}: ${waiting?.message ?? ''}`
    return [
      {
        kind: 'image-pull',
        ...where,
        message,
        since,
        terminalAt: new Date(since.getTime() + patience.imagePullMs),
      },
    ]
  }
  const ended = status.state?.terminated ?? status.lastState?.terminated
  const isDown = reason === 'CrashLoopBackOff' || (status.state?.terminated?.exitCode ?? 0) !== 0
  if (isDown && status.restartCount >= patience.restarts) {
    const message = `restarted ${status.restartCount} times, last exit code ${ended?.exitCode ?? 'unknown'} (${ended?.reason ?? reason})`
    return [{ kind: 'crash-loop', ...where, message, since: now, terminalAt: now }]
  }
  return []
}

function unscheduled(pod: Pod, patience: Patience): HardSignal[] {
  const condition = pod.status?.conditions?.find(
    ({ type, status, reason }) => type === 'PodScheduled' && status === 'False' && reason === 'Unschedulable',
  )
  const time = condition?.lastTransitionTime ?? pod.metadata?.creationTimestamp
  if (condition === undefined || time === undefined) return []
  const since = new Date(time)
  return [
    {
      kind: 'unschedulable',
      pod: nameOf(pod),
      message: condition.message ?? 'no node takes it',
      since,
      terminalAt: new Date(since.getTime() + patience.unschedulableMs),
    },
  ]
}

/** The controller could not make pods, mostly for want of quota. Old pods that leave may make room, so it may heal. */
function replicaFailure(
  { deployment }: ComponentState,
  patience: Patience,
  firstSeen: (key: string) => Date,
): HardSignal[] {
  const condition = deployment.status?.conditions?.find(
    ({ type, status }) => type === 'ReplicaFailure' && status === 'True',
  )
  if (condition === undefined) return []
  const since = firstSeen('replica-failure')
  const terminalAt = new Date(since.getTime() + patience.unschedulableMs)
  return [
    { kind: 'replica-failure', message: condition.message ?? 'pods could not be made', since, terminalAt },
  ]
}
