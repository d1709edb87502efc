import { describe, expect, it } from '@jest/globals'
import { FakeCluster } from '../cluster/cluster.fixture.ts'
import type { PodAnswer } from '../cluster/cluster.ts'
import { podOf } from '../cluster/component.fixture.ts'
import { silent } from '../ports.ts'
import { TEN_LINES } from '../runbook/example.ts'
import { loadRunbook } from '../runbook/load.ts'
import { PodMetrics } from './pod-metrics.ts'

const { signal } = new AbortController()
const names = ['event-ingester', 'download-worker', 'result-processor']
const consumed = { name: 'consumed_total', labels: {} }
const began = Date.parse('2026-11-23T10:00:00Z')

function setUp(answer: (pod: string) => PodAnswer | Promise<PodAnswer>) {
  let now = began + 600_000
  const cluster = new FakeCluster(...names)
  const asked: string[] = []
  cluster.podGet = (pod, port, path) => {
    asked.push(`${pod}:${port}${path}`)
    return Promise.resolve(answer(pod))
  }
  const runbook = loadRunbook(TEN_LINES, { file: 'runbook.yaml' })
  const metrics = new PodMetrics({
    cluster,
    components: runbook.components,
    wanted: {
      counters: [consumed, { name: 'downloads_total', labels: { outcome: 'success' } }],
      histograms: [{ name: 'took_seconds', labels: {} }],
      gauges: [{ name: 'breaker_state', labels: {} }],
    },
    everyMs: 30_000,
    coverage: 0.8,
    clock: { now: () => new Date(now) },
    log: silent,
  })
  const later = (): void => {
    now += 30_000
  }
  const span = () => ({ from: new Date(began), to: new Date(now) })
  return { cluster, metrics, asked, later, span }
}

const ok = (body: string): PodAnswer => ({ status: 200, body })

describe('PodMetrics', () => {
  it('reads every Ready pod once a look, whoever asks', async () => {
    const { metrics, asked, later, span } = setUp(() =>
      ok('consumed_total 1\ndownloads_total{outcome="success"} 1\n'),
    )
    const downloads = { name: 'downloads_total', labels: {} }
    await Promise.all([metrics.counted(consumed, span(), signal), metrics.counted(downloads, span(), signal)])
    expect(asked).toHaveLength(6)
    expect(asked[0]).toMatch(/^event-ingester-new-\w+:8000\/metrics$/)
    later()
    await Promise.all([metrics.counted(consumed, span(), signal), metrics.gauges(consumed, span(), signal)])
    expect(asked).toHaveLength(12)
  })

  it('counts first since the pods began, then what is new; all pods of a component together', async () => {
    let value = 100
    const { metrics, later, span } = setUp(() =>
      ok(`consumed_total{topic="a"} ${value}\nconsumed_total{topic="b"} 1\n`),
    )
    const first = await metrics.counted(consumed, span(), signal)
    expect([...first.keys()]).toEqual(names)
    expect(first.get('download-worker')).toEqual([{ from: began, at: began + 600_000, value: 202 }])
    value = 110
    later()
    const second = await metrics.counted({ ...consumed, labels: { topic: 'a' } }, span(), signal)
    expect(second.get('download-worker')?.at(-1)).toEqual({
      from: began + 600_000,
      at: began + 630_000,
      value: 20,
    })
  })

  it('leaves out components without the series', async () => {
    const { metrics, span } = setUp((pod) =>
      ok(pod.startsWith('download') ? 'consumed_total 1\n' : 'other 1\n'),
    )
    expect([...(await metrics.counted(consumed, span(), signal)).keys()]).toEqual(['download-worker'])
    expect(await metrics.counted({ name: 'nothing_total', labels: {} }, span(), signal)).toEqual(new Map())
  })

  it.each<[string, () => PodAnswer | Promise<PodAnswer>]>([
    ['answers 503', () => ({ status: 503, body: '' })],
    ['answers too much', () => ({ status: 200, body: 'consumed_total 1\n', truncated: true })],
    ['answers something else', () => ok('<html></html>')],
    ['does not answer', () => Promise.reject(new Error('reset'))],
  ])('has a gap where a pod of two %s, and counts it when it can be read again', async (_, bad) => {
    let isBad = false
    let value = 10
    const { metrics, later, span, cluster } = setUp((pod) =>
      isBad && pod.endsWith('-0') ? bad() : ok(`consumed_total ${value}\n`),
    )
    cluster.states.delete('event-ingester')
    cluster.components = () => Promise.resolve(cluster.states)
    await metrics.counted(consumed, span(), signal)
    isBad = true
    value = 20
    later()
    await metrics.counted(consumed, span(), signal)
    isBad = false
    value = 30
    later()
    const steps = (await metrics.counted(consumed, span(), signal)).get('download-worker')
    expect(steps?.map((step) => step.value)).toEqual([20, undefined, 40])
    expect(steps?.at(-1)?.from).toBe(began + 600_000)
  })

  it('reads histograms by the buckets that all pods have', async () => {
    const more = 'took_seconds_bucket{le="2.5"} 5\n'
    const body =
      'took_seconds_bucket{le="1"} 4\ntook_seconds_bucket{le="5.0"} 6\ntook_seconds_bucket{le="+Inf"} 7\n'
    const { metrics, span } = setUp((pod) => ok(pod.endsWith('-0') ? body + more : body))
    const observed = await metrics.observed({ name: 'took_seconds', labels: {} }, span(), signal)
    expect(observed.get('download-worker')).toEqual({
      bounds: [1, 5, Number.POSITIVE_INFINITY],
      steps: [{ from: began, at: began + 600_000, value: [8, 12, 14] }],
    })
  })

  it('keeps the gauges of each pod', async () => {
    let state = 0
    const { metrics, later, span, cluster } = setUp(() => ok(`breaker_state{breaker="onelake"} ${state}\n`))
    for (const name of names.slice(1)) cluster.states.delete(name)
    cluster.components = () => Promise.resolve(cluster.states)
    await metrics.gauges({ name: 'breaker_state', labels: {} }, span(), signal)
    state = 2
    later()
    const gauges = await metrics.gauges(
      { name: 'breaker_state', labels: { breaker: 'onelake' } },
      span(),
      signal,
    )
    expect(gauges.map(({ labels, history }) => [labels, history.map(({ value }) => value)])).toEqual([
      [{ breaker: 'onelake', pod: 'event-ingester-new-0' }, [0, 2]],
      [{ breaker: 'onelake', pod: 'event-ingester-new-1' }, [0, 2]],
    ])
  })

  it('does not ask a pod that is not Ready, nor a component without metrics', async () => {
    const { metrics, asked, span, cluster } = setUp(() => ok('consumed_total 1\n'))
    const state = cluster.states.get('download-worker')!
    const unready = podOf(state.replicaSets[0]!, 'x', { ready: false })
    cluster.states.set('download-worker', { ...state, pods: [unready] })
    const counted = await metrics.counted(consumed, span(), signal)
    expect(asked.filter((pod) => pod.startsWith('download-worker'))).toEqual([])
    expect(counted.has('download-worker')).toBe(false)
  })

  it('cannot answer a PromQL query, and says what to do', async () => {
    const { metrics } = setUp(() => ok(''))
    await expect(metrics.custom()).rejects.toThrow('A `query` needs a Prometheus')
  })

  it('fails where the cluster does not answer, and reads again at the next question', async () => {
    const { metrics, span, cluster } = setUp(() => ok('consumed_total 1\n'))
    const components = cluster.components.bind(cluster)
    cluster.components = () => Promise.reject(new Error('away'))
    await expect(metrics.counted(consumed, span(), signal)).rejects.toThrow('away')
    cluster.components = components
    expect((await metrics.counted(consumed, span(), signal)).size).toBe(3)
  })
})
