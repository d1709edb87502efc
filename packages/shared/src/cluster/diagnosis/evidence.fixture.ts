// Evidence for tests: one pod of the current template in trouble, as a kubelet would tell of it.
import { deploymentOf, podOf, replicaSetOf } from '../component.fixture.ts'
import type { Diagnosis } from '../../record/diagnosis.ts'
import type { ContainerStatus, Deployment, Pod } from '../component.ts'
import type { HardSignal } from '../hard-signal.ts'
import type { ObjectEvent } from '../object-event.ts'
import type { ContainerLog, Evidence } from './evidence.ts'

export const image = 'registry.local/download-worker:v1.1.0'

export function eventOf(reason: string, message: string, more: Partial<ObjectEvent> = {}): ObjectEvent {
  const at = '2026-11-23T10:01:00Z'
  return { reason, message, isWarning: true, count: 1, firstAt: at, lastAt: at, ...more }
}

export interface TroubledShape {
  status?: Partial<ContainerStatus>
  podStatus?: Partial<NonNullable<Pod['status']>>
  spec?: Partial<NonNullable<Pod['spec']>>
  memoryLimit?: string
  events?: readonly ObjectEvent[]
  logs?: readonly (Partial<ContainerLog> & { text: string })[]
  /** Of the Deployment. */
  conditions?: NonNullable<NonNullable<Deployment['status']>['conditions']>
  deploymentEvents?: readonly ObjectEvent[]
  signals?: readonly HardSignal[]
  reason?: string
  withoutPods?: boolean
}

export function evidenceOf(shape: TroubledShape): Evidence {
  const { conditions = [], events = [], logs = [], signals = [], deploymentEvents = [], reason = '' } = shape
  const deployment = deploymentOf({ status: { conditions } })
  const set = replicaSetOf(deployment, 'new', '2')
  const basic = podOf(set, 'a', { ready: false })
  const container = {
    name: 'download-worker',
    image,
    ...(shape.memoryLimit !== undefined && { resources: { limits: { memory: shape.memoryLimit } } }),
  }
  const [status] = basic.status?.containerStatuses ?? []
  if (status === undefined) throw new Error('the pod has no container')
  const pod: Pod = {
    ...basic,
    spec: { containers: [container], ...shape.spec },
    status: {
      ...basic.status,
      containerStatuses: [{ ...status, ...shape.status }],
      ...shape.podStatus,
    },
  }
  return {
    component: { deployment, replicaSets: [set], pods: [pod] },
    namespace: 'kafka-pipeline',
    signals,
    reason,
    before: '1',
    pods:
      shape.withoutPods === true
        ? []
        : [
            {
              pod,
              events,
              logs: logs.map(({ text, container: name = 'download-worker', previous = false }) => ({
                container: name,
                previous,
                lines: text.split('\n'),
              })),
            },
          ],
    events: deploymentEvents,
    missing: [],
  }
}

/** A line of a table: what a kubelet or scheduler tells, and what it is taken for. */
export type Case = readonly [name: string, shape: TroubledShape, kind: Diagnosis['kind'], sentence: string]

/** As the sentences name the fixture's pod. */
export const pod = 'Pod download-worker-new-a'

export const running = { state: { running: { startedAt: '2026-11-23T10:00:00Z' } } }

export function waiting(reason: string, message: string): TroubledShape {
  return { status: { state: { waiting: { reason, message } } } }
}

export function crashed(exitCode: number, reason = 'Error', restartCount = 2): Partial<ContainerStatus> {
  return {
    state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 20s restarting failed container' } },
    lastState: { terminated: { exitCode, reason } },
    restartCount,
  }
}

/** A Deployment whose pods the API server refuses. */
export function refused(message: string): TroubledShape {
  const conditions = [{ type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message }]
  return { withoutPods: true, conditions }
}

export function unscheduled(message: string): TroubledShape {
  const condition = { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message }
  return { podStatus: { phase: 'Pending', containerStatuses: [], conditions: [condition] } }
}
