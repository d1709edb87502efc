import { describe, expect, it } from '@jest/globals'
import { FakeCluster } from '@runbook-actions/shared/cluster/cluster.fixture.ts'
import { silent } from '@runbook-actions/shared/ports.ts'
import { planned, recordOf } from '@runbook-actions/shared/record/record.fixture.ts'
import type { PlannedComponent } from '@runbook-actions/shared/record/schema.ts'
import { readManifests } from '@runbook-actions/shared/action/manifests.ts'
import { writeComponent } from './write-component.ts'

const file = 'deployments/worker.yaml'
const text = `apiVersion: apps/v1
kind: Deployment
metadata: { name: worker }
spec: { template: { spec: { containers: [{ name: worker, image: 'registry.local/worker:v1.0.0' }] } } }
`
const record = recordOf()

async function write(component: PlannedComponent, dryRun = false) {
  const cluster = new FakeCluster('worker')
  const lines: string[] = []
  const log = { ...silent, info: (line: string) => void lines.push(line) }
  const state = cluster.states.get('worker')
  if (state === undefined) throw new Error('no worker')
  const manifests = readManifests({ plan: [component], namespace: 'kafka-pipeline' }, () => text)
  const written = await writeComponent(
    component,
    state,
    { record, manifests, dryRun },
    { cluster, log, signal: new AbortController().signal },
  )
  return { cluster, lines, written }
}

describe('writeComponent', () => {
  it('sets the image of a component without manifest, and tells what the server says that changes', async () => {
    const { cluster, lines, written } = await write(planned('worker'))
    expect(cluster.writes).toMatchObject([{ deployment: 'worker', image: 'registry.local/worker:v1.1.0' }])
    expect(cluster.applied).toEqual([])
    expect(written.generation).toBe(2)
    expect(lines[0]).toBe('deployment.apps/worker image updated')
    expect(lines).toContain(
      '  Deployment worker: spec.template.spec.containers[worker].image: "registry.local/worker:v1.0.0" → "registry.local/worker:v1.1.0"',
    )
  })

  it('applies the manifest of a component that has one, with the planned image', async () => {
    const { cluster, lines } = await write(planned('worker', { manifest: file }))
    expect(cluster.applied).toMatchObject([
      { manifest: { file }, image: 'registry.local/worker:v1.1.0', generation: 1, isScaled: false },
    ])
    expect(lines[0]).toBe(`deployment.apps/worker serverside-applied from ${file}`)
  })

  it('leaves the replicas out where an autoscaler decides them', async () => {
    const { cluster } = await write(planned('worker', { manifest: file, autoscaler: '2–10 by HPA' }))
    expect(cluster.applied).toMatchObject([{ isScaled: true }])
  })

  it('says of a dry run that it is one', async () => {
    expect((await write(planned('worker'), true)).lines[0]).toMatch(/\(server dry run\)$/)
  })
})

describe('readManifests', () => {
  it('reads only of components that have one', () => {
    expect(readManifests({ plan: [planned('worker')], namespace: 'team' }).size).toBe(0)
  })

  it('says which file of which component is missing', () => {
    const plan = [planned('worker', { manifest: 'deployments/none.yaml' })]
    expect(() => readManifests({ plan, namespace: 'team' })).toThrow(
      'The manifest deployments/none.yaml of worker cannot be read.',
    )
  })
})
