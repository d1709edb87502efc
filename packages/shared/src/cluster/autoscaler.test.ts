import { describe, expect, it } from '@jest/globals'
import { answer, ApiServer, listOf, status } from './api-server.fixture.ts'
import { autoscalersOf, describeAutoscaler, readAutoscalers } from './autoscaler.ts'

const hpa = (
  name: string,
  target: string,
  spec: { minReplicas?: number; maxReplicas: number },
  kind = 'Deployment',
) => ({
  metadata: { name },
  spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind, name: target }, ...spec },
})

describe('autoscalersOf', () => {
  it('takes what an HPA says, and its default of one', () => {
    const found = autoscalersOf(
      [hpa('a', 'worker', { minReplicas: 2, maxReplicas: 10 }), hpa('b', 'other', { maxReplicas: 1 })],
      [],
    )
    expect(found.get('worker')).toEqual({ kind: 'HPA', name: 'a', min: 2, max: 10 })
    expect([...found.values()].map(describeAutoscaler)).toEqual(['2–10 by HPA', '1 by HPA'])
  })

  it('names KEDA rather than the HPA that it makes, which never says zero', () => {
    const found = autoscalersOf(
      [hpa('keda-hpa-worker', 'worker', { minReplicas: 1, maxReplicas: 20 })],
      [{ metadata: { name: 'worker' }, spec: { scaleTargetRef: { name: 'worker' }, maxReplicaCount: 20 } }],
    )
    expect([...found.values()].map(describeAutoscaler)).toEqual(['0–20 by KEDA'])
  })

  it('tells who has paused KEDA, unless it was the suite', () => {
    const paused = (annotations: Record<string, string>) =>
      autoscalersOf(
        [],
        [{ metadata: { name: 'w', annotations }, spec: { scaleTargetRef: { name: 'worker' } } }],
      )
    const key = 'autoscaling.keda.sh/paused-replicas'
    expect(paused({ [key]: '0' }).get('worker')?.pausedBy).toBe(`${key}: 0`)
    expect(paused({ [key]: '1', 'runbook-actions.io/held-at': '1' }).get('worker')).not.toHaveProperty(
      'pausedBy',
    )
  })

  it('is about Deployments', () => {
    const set = { scaleTargetRef: { kind: 'StatefulSet', name: 'worker' } }
    expect(
      autoscalersOf([hpa('a', 'worker', { maxReplicas: 3 }, 'StatefulSet')], [{ spec: set }, { spec: {} }])
        .size,
    ).toBe(0)
  })
})

describe('readAutoscalers', () => {
  const signal = AbortSignal.timeout(30_000)

  it.each([
    ['a cluster without KEDA has none of its objects', 404, 'NotFound', ['worker']],
    ['a missing permission is told', 403, 'Forbidden', undefined],
  ])('%s', async (_, code, reason, names) => {
    const server = await ApiServer.start()
    server.handler = ({ path }, response) => {
      if (path.includes('keda.sh')) answer(response, code, status(code, reason, 'no ScaledObjects'))
      else answer(response, 200, listOf([hpa('a', 'worker', { maxReplicas: 3 })], '1'))
    }
    const api = server.client()
    try {
      const reading = readAutoscalers(api, 'team', signal).then((found) => [...found.keys()])
      if (names === undefined) await expect(reading).rejects.toMatchObject({ status: code })
      else expect(await reading).toEqual(names)
    } finally {
      await api.close()
      await server.close()
    }
  })
})
