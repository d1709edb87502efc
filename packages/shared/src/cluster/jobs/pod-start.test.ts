import type { V1ContainerState, V1Pod, V1PodStatus } from '@kubernetes/client-node'
import { describe, expect, it } from '@jest/globals'
import type { Wire } from '../resources.ts'
import { podEnd, podStart, type PodEnd } from './pod-start.ts'

function pod(status: Wire<V1PodStatus>): Wire<V1Pod> {
  return { spec: { containers: [{ name: 'lag-reader', image: 'registry.example/node:24' }] }, status }
}

const container = (state: Wire<V1ContainerState>): Wire<V1Pod> =>
  pod({
    phase: 'Pending',
    containerStatuses: [{ name: 'lag-reader', image: '', imageID: '', ready: false, restartCount: 0, state }],
  })
const waiting = (reason: string, message?: string): Wire<V1Pod> =>
  container({ waiting: { reason, ...(message !== undefined && { message }) } })

describe('podStart', () => {
  it.each<[string, Wire<V1Pod>, object]>([
    [
      'a first pull that fails may heal',
      waiting('ErrImagePull', 'not found'),
      { state: 'coming', why: 'its image registry.example/node:24 cannot be pulled: not found' },
    ],
    [
      'a pull that the node backs off from does not',
      waiting('ImagePullBackOff', 'Back-off pulling image'),
      {
        state: 'stuck',
        why: 'its image registry.example/node:24 cannot be pulled: Back-off pulling image',
        next: expect.stringContaining('kafka.job.image'),
      },
    ],
    ['a reference that is none', waiting('InvalidImageName'), { state: 'stuck' }],
    [
      'a Secret that is missing',
      waiting('CreateContainerConfigError', 'secret "kafka-access" not found'),
      {
        state: 'stuck',
        why: 'its container cannot be made: secret "kafka-access" not found',
        next: expect.stringContaining('kafka.job.secrets'),
      },
    ],
    [
      'no node',
      pod({
        phase: 'Pending',
        conditions: [
          {
            type: 'PodScheduled',
            status: 'False',
            reason: 'Unschedulable',
            message: '0/1 nodes are available.',
          },
        ],
      }),
      { state: 'coming', why: 'no node takes its pod: 0/1 nodes are available.' },
    ],
    [
      'a pod on its way',
      waiting('ContainerCreating'),
      { state: 'coming', why: 'its pod is ContainerCreating' },
    ],
    ['a pod without a status', { spec: { containers: [] } }, { state: 'coming', why: 'its pod is Pending' }],
    ['a container that runs', container({ running: {} }), { state: 'started' }],
    ['a container that has run', container({ terminated: { exitCode: 1 } }), { state: 'started' }],
  ])('%s', (_, given, start) => {
    expect(podStart(given)).toMatchObject(start)
  })
})

describe('podEnd', () => {
  it.each<[Wire<V1Pod>, PodEnd | undefined]>([
    [container({ running: {} }), undefined],
    [
      container({ terminated: { exitCode: 0, reason: 'Completed' } }),
      { isSuccess: true, why: 'exit code 0' },
    ],
    [
      container({ terminated: { exitCode: 128, message: 'no such file\n' } }),
      { isSuccess: false, why: 'exit code 128, no such file' },
    ],
    [
      container({ terminated: { exitCode: 137, reason: 'OOMKilled' } }),
      { isSuccess: false, why: 'OOMKilled: it needed more memory than its limit' },
    ],
    [
      pod({ reason: 'Evicted', message: 'The node was low on resource.' }),
      { isSuccess: false, why: 'The node was low on resource.' },
    ],
  ])('%j', (given, end) => {
    expect(podEnd(given)).toEqual(end)
  })
})
