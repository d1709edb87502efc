import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { KubernetesApi } from './api.ts'
import { readAutoscalers } from './autoscaler.ts'
import { RealCluster } from './real-cluster.fixture.ts'
import { horizontalPodAutoscalers } from './resources.ts'

const real = new RealCluster(process.env)
let api: KubernetesApi

beforeAll(async () => {
  api = await real.start()
})

afterAll(() => real.stop())

describe('readAutoscalers, on a cluster without KEDA', () => {
  it('finds an HPA by the Deployment that it scales', async () => {
    const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'worker' }
    await api.create(horizontalPodAutoscalers, real.namespace, {
      metadata: { name: 'worker-hpa' },
      spec: { scaleTargetRef, maxReplicas: 10 },
    })
    const found = await readAutoscalers(api, real.namespace, AbortSignal.timeout(30_000))
    // The server fills in the least that it defaults to.
    expect([...found]).toEqual([['worker', { kind: 'HPA', name: 'worker-hpa', min: 1, max: 10 }]])
  })
})
