import { describe, expect, it } from '@jest/globals'
import { FakeCluster } from '../cluster/cluster.fixture.ts'
import { podOf } from '../cluster/component.fixture.ts'
import { askGate, components } from './metric-gates.fixture.ts'
import { restarts } from './restarts.ts'

/** The rollout began at 10:20. */
function clusterWith({ count, created, ended }: { count: number; created: string; ended?: string }) {
  const cluster = new FakeCluster(...components)
  const state = cluster.states.get('download-worker')!
  const pod = podOf(state.replicaSets[0]!, 'x', { restarts: count })
  pod.metadata!.creationTimestamp = created
  if (ended !== undefined)
    pod.status!.containerStatuses![0]!.lastState = {
      terminated: { exitCode: 137, reason: 'OOMKilled', finishedAt: ended },
    }
  cluster.states.set('download-worker', { ...state, pods: [pod] })
  return cluster
}

const young = '2026-11-23T10:21:00Z'
const old = '2026-11-20T10:00:00Z'

describe('restarts', () => {
  it('passes where no pod has restarted', async () => {
    expect(await askGate(restarts)).toMatchObject({
      verdict: 'pass',
      answer: 'None of 6 pods has restarted since the rollout.',
      value: '0',
      limit: '0',
    })
  })

  it.each<[string, Parameters<typeof clusterWith>[0], string, string]>([
    ['a new pod that restarted twice', { count: 2, created: young }, 'fail', '2'],
    [
      'an old pod that restarted long ago',
      { count: 3, created: old, ended: '2026-11-22T10:00:00Z' },
      'pass',
      '0',
    ],
    ['an old pod that restarted now', { count: 3, created: old, ended: '2026-11-23T10:40:00Z' }, 'fail', '1'],
  ])('%s', async (_, shape, verdict, value) => {
    expect(await askGate(restarts, undefined, { cluster: clusterWith(shape) })).toMatchObject({
      verdict,
      value,
    })
  })

  it('says which pod, and how it ended', async () => {
    const cluster = clusterWith({ count: 2, created: young, ended: '2026-11-23T10:40:00Z' })
    expect(await askGate(restarts, undefined, { cluster })).toMatchObject({
      answer: '1 of 5 pods restarted since the rollout, 2 times in all.',
      evidence: ['download-worker-new-x: 2 restarts, the last with exit code 137 (OOMKilled)'],
    })
  })

  it('triggers where the runbook file says from how many on', async () => {
    const runbook = 'rollback: { triggers: [{ gate: restarts, above: 1 }] }'
    const trigger = async (count: number) =>
      (await askGate(restarts, undefined, { runbook, cluster: clusterWith({ count, created: young }) }))
        .trigger
    expect(await trigger(1)).toBeUndefined()
    expect(await trigger(2)).toBe('1 of 5 pods restarted since the rollout, 2 times in all, more than 1.')
  })

  it('has shown nothing where no pod runs', async () => {
    const cluster = new FakeCluster(...components)
    for (const [name, state] of cluster.states) cluster.states.set(name, { ...state, pods: [] })
    expect((await askGate(restarts, undefined, { cluster })).verdict).toBe('inconclusive')
  })
})
