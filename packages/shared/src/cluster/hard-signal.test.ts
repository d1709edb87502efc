import { describe, expect, it } from '@jest/globals'
import { deploymentOf, podOf, replicaSetOf, settledComponent } from './component.fixture.ts'
import { hardSignals, type FirstSeen, type Patience } from './hard-signal.ts'

const patience: Patience = { imagePullMs: 42_000, unschedulableMs: 120_000, restarts: 2 }
const nothingSeen: FirstSeen = new Map()
const at = (seconds: number): Date => new Date(Date.UTC(2026, 10, 23, 10, 0, seconds))

const deployment = deploymentOf()
const current = replicaSetOf(deployment, 'new', '2')
const componentWith = (shape: Parameters<typeof podOf>[2]) =>
  settledComponent({}, { pods: [podOf(current, 'a', shape)] })

describe('an image that cannot be pulled', () => {
  const failing = componentWith({ waiting: { reason: 'ErrImagePull', message: 'not found' } })

  it('is given its patience, counted from when it was first seen', () => {
    const first = hardSignals(failing, nothingSeen, patience, at(0))
    expect(first.signals).toEqual([
      {
        kind: 'image-pull',
        pod: 'download-worker-new-a',
        container: 'download-worker',
        message: 'ErrImagePull: not found',
        since: at(0),
        terminalAt: at(42),
      },
    ])
    const backedOff = componentWith({
      waiting: { reason: 'ImagePullBackOff', message: 'Back-off pulling image' },
    })
    const second = hardSignals(backedOff, first.seen, patience, at(30))
    expect(second.signals[0]?.terminalAt).toEqual(at(42))
  })

  it('starts anew after it healed', () => {
    const first = hardSignals(failing, nothingSeen, patience, at(0))
    const healed = hardSignals(componentWith({}), first.seen, patience, at(20))
    expect(healed.signals).toEqual([])
    expect(hardSignals(failing, healed.seen, patience, at(30)).signals[0]?.terminalAt).toEqual(at(72))
  })

  it('is no signal on a pod of an older template', () => {
    const old = replicaSetOf(deployment, 'old', '1')
    const component = settledComponent(
      {},
      { pods: [podOf(old, 'a', { waiting: { reason: 'ErrImagePull' } })] },
    )
    expect(hardSignals(component, nothingSeen, patience, at(0)).signals).toEqual([])
  })
})

describe('what cannot heal', () => {
  it.each([
    ['InvalidImageName', 'invalid-image'],
    ['ErrImageNeverPull', 'invalid-image'],
    ['CreateContainerConfigError', 'container-config'],
  ])('%s is terminal at once', (reason, kind) => {
    const { signals } = hardSignals(
      componentWith({ waiting: { reason, message: 'why' } }),
      nothingSeen,
      patience,
      at(5),
    )
    expect(signals).toMatchObject([{ kind, terminalAt: at(5), message: `${reason}: why` }])
  })
})

describe('a crash loop', () => {
  it.each([
    ['the first crash may be bad luck', { restarts: 1, waiting: { reason: 'CrashLoopBackOff' } }, 0],
    ['the second restart that waits again', { restarts: 2, waiting: { reason: 'CrashLoopBackOff' } }, 1],
    [
      'the second restart that has just ended again',
      { restarts: 2, terminated: { exitCode: 1, reason: 'Error' } },
      1,
    ],
    ['a container that ended well', { restarts: 2, terminated: { exitCode: 0, reason: 'Completed' } }, 0],
    ['a container that runs again', { restarts: 2 }, 0],
  ])('%s', (_, shape, count) => {
    const { signals } = hardSignals(componentWith(shape), nothingSeen, patience, at(0))
    expect(signals.filter((signal) => signal.kind === 'crash-loop')).toHaveLength(count)
  })
})

describe('no room', () => {
  it('waits for a node from when the scheduler gave up', () => {
    const conditions = [
      {
        type: 'PodScheduled',
        status: 'False',
        reason: 'Unschedulable',
        message: '0/3 nodes',
        lastTransitionTime: at(10).toISOString(),
      },
    ]
    const { signals } = hardSignals(componentWith({ conditions }), nothingSeen, patience, at(60))
    expect(signals).toMatchObject([
      { kind: 'unschedulable', since: at(10), terminalAt: at(130), message: '0/3 nodes' },
    ])
  })

  it('waits for quota from when the failure was first seen', () => {
    const status = { conditions: [{ type: 'ReplicaFailure', status: 'True', message: 'exceeded quota' }] }
    const component = settledComponent({ status })
    const first = hardSignals(component, nothingSeen, patience, at(0))
    const { signals } = hardSignals(component, first.seen, patience, at(60))
    expect(signals).toMatchObject([
      { kind: 'replica-failure', terminalAt: at(120), message: 'exceeded quota' },
    ])
  })
})
