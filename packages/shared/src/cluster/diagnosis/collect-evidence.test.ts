import { describe, expect, it } from '@jest/globals'
import { FakeCluster } from '../cluster.fixture.ts'
import { deploymentOf, podOf, replicaSetOf } from '../component.fixture.ts'
import type { Pod } from '../component.ts'
import { collectEvidence } from './collect-evidence.ts'
import { eventOf } from './evidence.fixture.ts'
import type { FailedRollout } from './evidence.ts'

const deployment = deploymentOf()
const current = replicaSetOf(deployment, 'new', '2')
const old = replicaSetOf(deployment, 'old', '1')
const crashing = (id: string, restarts: number): Pod =>
  podOf(current, id, { restarts, terminated: { exitCode: 1, reason: 'Error' } })
const never = new AbortController().signal

function failed(...pods: readonly Pod[]): FailedRollout {
  const component = { deployment, replicaSets: [current, old], pods }
  return { component, signals: [], reason: 'stuck', before: '1' }
}

/** A cluster that tells whose logs it was asked for. */
function askedCluster() {
  const cluster = new FakeCluster()
  const asked: string[] = []
  cluster.podLog = (pod, { previous }) => {
    asked.push(`${pod} ${previous === true ? 'before' : 'last'}`)
    return Promise.resolve('one\n\ntwo\n')
  }
  return { cluster, asked }
}

describe('collectEvidence', () => {
  it('reads events and both runs of a container that restarted, and the events of Deployment and ReplicaSet', async () => {
    const { cluster, asked } = askedCluster()
    cluster.reported.set('download-worker-new-a', [eventOf('BackOff', 'x')])
    cluster.reported.set('download-worker-new', [eventOf('FailedCreate', 'quota')])
    const found = await collectEvidence(cluster, failed(crashing('a', 2)), never)
    expect(asked).toEqual(['download-worker-new-a last', 'download-worker-new-a before'])
    expect(found.pods[0]?.logs[0]).toEqual({
      container: 'download-worker',
      previous: false,
      lines: ['one', 'two'],
    })
    expect(found.pods[0]?.events.map(({ reason }) => reason)).toEqual(['BackOff'])
    expect(found.events.map(({ message }) => message)).toEqual(['quota'])
    expect(found.missing).toEqual([])
  })

  it('asks for no log of a container that never ran, and for one run of a container that never restarted', async () => {
    const { cluster, asked } = askedCluster()
    const pulling = podOf(current, 'a', { waiting: { reason: 'ErrImagePull' } })
    await collectEvidence(cluster, failed(pulling, podOf(current, 'b', { ready: false })), never)
    expect(asked).toEqual(['download-worker-new-b last'])
  })

  it('looks at five pods at most: those that ended the rollout, then the most restarts; never at old ones', async () => {
    const now = new Date()
    const pods = [0, 1, 2, 3, 4, 5, 6].map((restarts) => crashing(String(restarts), restarts))
    const told = {
      kind: 'crash-loop' as const,
      pod: 'download-worker-new-1',
      message: '',
      since: now,
      terminalAt: now,
    }
    const others = [
      podOf(old, 'x', { ready: false }),
      podOf(current, 'r'),
      podOf(current, 't', { terminating: true }),
    ]
    const found = await collectEvidence(
      new FakeCluster(),
      { ...failed(...others, ...pods), signals: [told] },
      never,
    )
    expect(found.pods.map(({ pod }) => pod.metadata?.name?.at(-1))).toEqual(['1', '6', '5', '4', '3'])
  })

  it('names what could not be read; the rest is there', async () => {
    const cluster = new FakeCluster()
    cluster.podLog = () => Promise.reject(new Error('pods "a" is forbidden'))
    cluster.reported.set('download-worker-new-a', [eventOf('BackOff', 'x')])
    const found = await collectEvidence(cluster, failed(crashing('a', 0)), never)
    expect(found.missing).toEqual([
      'not read: log of download-worker-new-a/download-worker: pods "a" is forbidden',
    ])
    expect(found.pods[0]?.events).toHaveLength(1)
  })

  it('does not take the kubelet’s excuse for a log', async () => {
    const cluster = new FakeCluster()
    const excuse = 'unable to retrieve container logs for containerd://85d3c71f'
    cluster.podLog = (_, { previous }) => Promise.resolve(previous === true ? excuse : 'why\n')
    const found = await collectEvidence(cluster, failed(crashing('a', 2)), never)
    expect(found.pods[0]?.logs.map(({ lines }) => lines)).toEqual([['why']])
    expect(found.missing).toEqual([])
    cluster.podLog = () => Promise.resolve(excuse)
    const without = await collectEvidence(cluster, failed(crashing('a', 2)), never)
    expect(without.pods[0]?.logs).toEqual([])
    expect(without.missing).toEqual([`not read: log of download-worker-new-a/download-worker: ${excuse}`])
  })

  it('goes on without what does not answer in time', async () => {
    const cluster = new FakeCluster()
    cluster.events = (_, signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          reject(new Error('aborted'))
        })
      })
    cluster.logs.set('download-worker-new-a', 'why')
    const found = await collectEvidence(cluster, failed(crashing('a', 0)), never, 20)
    expect(found.missing).toContain('not read: events of Pod download-worker-new-a: no answer within 0.02 s')
    expect(found.pods[0]?.logs[0]?.lines).toEqual(['why'])
  })

  it('stops where the run is cancelled', async () => {
    const cancelled = AbortSignal.abort(new Error('SIGINT'))
    const cluster = new FakeCluster()
    cluster.podLog = () => Promise.reject(new Error('aborted'))
    await expect(collectEvidence(cluster, failed(crashing('a', 0)), cancelled)).rejects.toThrow('SIGINT')
  })
})
