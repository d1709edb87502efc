import { describe, expect, it } from '@jest/globals'
import { deploymentOf } from '../component.fixture.ts'
import { prepareDeployment } from './prepare-deployment.ts'
import { readManifest } from './read-manifest.ts'

const text = `apiVersion: apps/v1
kind: Deployment
metadata: { name: worker, labels: { app: worker } }
spec:
  replicas: 4
  template:
    spec:
      containers:
        - { name: worker, image: 'registry.local/worker:v1.0.0', env: [{ name: A, value: '1' }] }
        - { name: sidecar, image: 'registry.local/sidecar:v7' }
status: { replicas: 4 }
`
const owner = { deployment: 'worker', container: 'worker', namespace: 'team' }
const decisions = {
  container: 'worker',
  image: 'registry.local/worker:v1.1.0@sha256:0',
  labels: { 'runbook-actions.io/version': 'v1.1.0' },
  annotations: { 'kubernetes.io/change-cause': 'v1.1.0' },
  isScaled: false,
}

const prepared = (live = deploymentOf({ name: 'worker', replicas: 6 }), isScaled = false) =>
  prepareDeployment(
    readManifest(text, 'worker.yaml', owner).deployment,
    { ...decisions, isScaled },
    live,
    'runbook-actions',
  )

/** The live Deployment with replicas owned by these. */
function ownedBy(...managers: [string, string][]) {
  const live = deploymentOf({ name: 'worker', replicas: 6 })
  const managedFields = managers.map(([manager, operation]) => ({
    manager,
    operation,
    fieldsV1: { 'f:spec': { 'f:replicas': {} } },
  }))
  return { ...live, metadata: { ...live.metadata, managedFields } }
}

describe('prepareDeployment', () => {
  it('sets the planned image of one container, puts our marks beside the file’s, and takes the rest as it is', () => {
    expect(prepared()).toEqual({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: {
        name: 'worker',
        labels: { app: 'worker', 'runbook-actions.io/version': 'v1.1.0' },
        annotations: { 'kubernetes.io/change-cause': 'v1.1.0' },
      },
      spec: {
        replicas: 4,
        template: {
          spec: {
            containers: [
              { name: 'worker', image: decisions.image, env: [{ name: 'A', value: '1' }] },
              { name: 'sidecar', image: 'registry.local/sidecar:v7' },
            ],
          },
        },
      },
    })
  })

  it.each<[string, [string, string][], number | undefined]>([
    ['nobody is known to own them', [], undefined],
    ['the autoscaler owns them', [['kube-controller-manager', 'Update']], undefined],
    [
      'we and the autoscaler own them',
      [
        ['runbook-actions', 'Apply'],
        ['kube-controller-manager', 'Update'],
      ],
      undefined,
    ],
    // Giving them up would make the server remove them: one pod.
    ['we alone own them: as they stand', [['runbook-actions', 'Apply']], 6],
  ])('leaves the replicas to an autoscaler where %s', (_, managers, replicas) => {
    const { spec } = prepared(ownedBy(...managers), true) as { spec: object }
    expect('replicas' in spec ? spec.replicas : undefined).toBe(replicas)
  })
})
