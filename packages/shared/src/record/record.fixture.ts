// A record for tests: v1.1.0 over v1.0.0 on production, nothing done yet.
import { openRecord } from './open.ts'
import type { DeploymentRecord, PlannedComponent } from './schema.ts'

export function planned(deployment: string, more: Partial<PlannedComponent> = {}): PlannedComponent {
  return {
    deployment,
    container: deployment,
    from: `registry.local/${deployment}:v1.0.0`,
    to: `registry.local/${deployment}:v1.1.0`,
    replicas: 2,
    strategy: 'one at a time, never fewer than 2',
    ...more,
  }
}

export function recordOf(more: Partial<DeploymentRecord> = {}): DeploymentRecord {
  const opened = openRecord(
    {
      pipeline: 'kafka-pipeline',
      environment: 'production',
      namespace: 'kafka-pipeline',
      version: 'v1.1.0',
      tag: 'v1.1.0',
      commit: 'a'.repeat(40),
      class: 'minor',
      strategy: 'rolling',
      approval: 'production-product-owner',
      author: 'ana',
      run: {
        id: '4711',
        attempt: '1',
        url: 'https://github.example/acme/x/actions/runs/4711',
        actor: 'rosa',
      },
      plan: [planned('event-ingester'), planned('download-worker'), planned('result-processor')],
    },
    new Date('2026-11-23T10:00:00Z'),
  )
  return { ...opened, ...more }
}
