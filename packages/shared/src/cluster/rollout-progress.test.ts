import { describe, expect, it } from '@jest/globals'
import { deploymentOf, podOf, replicaSetOf, settledComponent } from './component.fixture.ts'
import { rolloutProgress } from './rollout-progress.ts'

const since = new Date('2026-11-23T10:00:00.400Z')
const exceeded = (lastUpdateTime: string) => ({
  conditions: [{ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded', lastUpdateTime }],
})

describe('rolloutProgress says what kubectl rollout status says', () => {
  it.each([
    [
      'the controller has not looked yet',
      { generation: 3, observed: 2 },
      'Waiting for deployment spec update to be observed...',
    ],
    [
      'new pods are being made',
      { status: { updatedReplicas: 2, replicas: 7, availableReplicas: 5 } },
      'Waiting for deployment "download-worker" rollout to finish: 2 out of 6 new replicas have been updated...',
    ],
    [
      'old pods are counted',
      { status: { updatedReplicas: 6, replicas: 8, availableReplicas: 6 } },
      'Waiting for deployment "download-worker" rollout to finish: 2 old replicas are pending termination...',
    ],
    [
      'new pods are not available',
      { status: { updatedReplicas: 6, replicas: 6, availableReplicas: 4 } },
      'Waiting for deployment "download-worker" rollout to finish: 4 of 6 updated replicas are available...',
    ],
  ])('%s', (_, shape, message) => {
    expect(rolloutProgress(settledComponent(shape), since)).toMatchObject({ state: 'progressing', message })
  })

  it('is complete when all pods are of the current template', () => {
    expect(rolloutProgress(settledComponent(), since)).toEqual({
      state: 'complete',
      message: 'deployment "download-worker" successfully rolled out',
      available: 6,
    })
  })

  it('is complete with no pods where none are wanted', () => {
    const component = settledComponent({ replicas: 0 }, { replicaSets: [] })
    expect(rolloutProgress(component, since).state).toBe('complete')
  })
})

describe('rolloutProgress is stricter than kubectl', () => {
  it('waits for an old pod that is Terminating, which Kubernetes no longer counts', () => {
    const deployment = deploymentOf()
    const old = replicaSetOf(deployment, 'old', '1')
    const component = settledComponent()
    const draining = { ...component, pods: [...component.pods, podOf(old, 'x', { terminating: true })] }
    expect(rolloutProgress(draining, since)).toMatchObject({
      state: 'progressing',
      message: expect.stringContaining('1 old pods are still there, 1 of them Terminating') as unknown,
    })
  })

  it('waits until the ReplicaSet of the current template is seen', () => {
    expect(rolloutProgress(settledComponent({}, { replicaSets: [] }), since).state).toBe('progressing')
  })

  it('waits until the pods are seen Ready, where the Deployment’s status is ahead of them', () => {
    const component = settledComponent()
    expect(rolloutProgress({ ...component, pods: component.pods.slice(1) }, since)).toMatchObject({
      state: 'progressing',
      message: expect.stringContaining('5 of 6 updated pods are seen Ready') as unknown,
    })
  })

  it('does not take the finished state of before for its own, where the watch is behind the write', () => {
    expect(rolloutProgress(settledComponent({ generation: 2 }), since, { generation: 3 })).toMatchObject({
      state: 'progressing',
      message: 'Waiting for deployment spec update to be observed...',
    })
  })
})

describe('the progress deadline', () => {
  it('is not complete with fewer pods than it is held at', () => {
    const component = settledComponent({ replicas: 0 })
    expect(rolloutProgress(component, since).state).toBe('complete')
    expect(rolloutProgress(component, since, { least: 1 })).toMatchObject({
      state: 'progressing',
      message: expect.stringContaining('it is scaled to 0, and held at 1'),
    })
  })

  it('ends the rollout when it was exceeded after the change was written', () => {
    const component = settledComponent({ status: exceeded('2026-11-23T10:10:00Z') })
    expect(rolloutProgress(component, since)).toMatchObject({
      state: 'deadline-exceeded',
      message: 'deployment "download-worker" exceeded its progress deadline',
    })
  })

  it('is stale when it was exceeded before: the condition stays after an undo until the first progress', () => {
    const component = settledComponent({ status: exceeded('2026-11-23T09:59:59Z') })
    expect(rolloutProgress(component, since).state).toBe('complete')
  })

  it('counts in the same second, because the API cuts fractions off', () => {
    const component = settledComponent({ status: exceeded('2026-11-23T10:00:00Z') })
    expect(rolloutProgress(component, since).state).toBe('deadline-exceeded')
  })

  it('does not count before the controller has seen the change', () => {
    const component = settledComponent({
      generation: 3,
      observed: 2,
      status: exceeded('2026-11-23T10:10:00Z'),
    })
    expect(rolloutProgress(component, since).state).toBe('progressing')
  })
})
