import type { ComponentState, Pod } from '../component.ts'
import type { HardSignal } from '../hard-signal.ts'
import type { ObjectEvent } from '../object-event.ts'

/** The end of one container's log. */
export interface ContainerLog {
  readonly container: string
  /** Of the run before the last restart. */
  readonly previous: boolean
  readonly lines: readonly string[]
}

/** One pod that did not come up, and what was read about it. */
export interface PodEvidence {
  readonly pod: Pod
  readonly events: readonly ObjectEvent[]
  readonly logs: readonly ContainerLog[]
}

/** A rollout that did not succeed, as it was left. */
export interface FailedRollout {
  readonly component: ComponentState
  /** Kubernetes' own signs of trouble, those that ended the rollout first. */
  readonly signals: readonly HardSignal[]
  /** Why following it ended, in one sentence. */
  readonly reason: string
  /** The revision before, which the way back names. */
  readonly before: string | undefined
}

/** All that a diagnosis is made from; it reads nothing more. */
export interface Evidence extends FailedRollout {
  readonly namespace: string
  /** Pods of the current template that are in trouble, the worst first, not all of them where there are many. */
  readonly pods: readonly PodEvidence[]
  /** Of the Deployment and of its current ReplicaSet. */
  readonly events: readonly ObjectEvent[]
  /** What could not be read, a sentence each. */
  readonly missing: readonly string[]
}
