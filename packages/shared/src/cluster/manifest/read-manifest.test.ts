import { readFileSync } from 'node:fs'
import { describe, expect, it } from '@jest/globals'
import { readManifest } from './read-manifest.ts'

const owner = { deployment: 'worker', container: 'worker', namespace: 'kafka-pipeline' }
const deployment = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: worker
spec:
  template:
    spec:
      containers: [{ name: worker, image: registry.local/worker:v1.0.0 }]
`
const service = `apiVersion: v1
kind: Service
metadata: { name: worker }
spec: { ports: [{ port: 80 }] }
`

describe('readManifest', () => {
  it('finds the Deployment among what stands beside it, whatever the order', () => {
    const manifest = readManifest(`${service}---\n# nothing\n---\n${deployment}`, 'worker.yaml', owner)
    expect(manifest.deployment).toMatchObject({ name: 'worker', line: 8 })
    expect(manifest.others.map(({ resource, name, line }) => [resource.plural, name, line])).toEqual([
      ['services', 'worker', 1],
    ])
  })

  it('takes the example pipeline’s manifests as they are', () => {
    for (const name of ['event-ingester', 'download-worker', 'result-processor']) {
      const path = new URL(`../../../../../examples/kafka-pipeline/deployments/${name}.yaml`, import.meta.url)
      const manifest = readManifest(readFileSync(path, 'utf8'), `${name}.yaml`, {
        ...owner,
        deployment: name,
        container: name,
      })
      expect(manifest.deployment.name).toBe(name)
    }
  })

  it.each([
    ['not YAML', 'a: [', 'worker.yaml:1: not valid YAML: Flow sequence'],
    ['nothing at all', '# later\n', 'worker.yaml:1: it has no Deployment "worker"'],
    ['no Deployment', service, 'worker.yaml:1: it has no Deployment "worker"'],
    ['no head', 'kind: Service\n', 'worker.yaml:1: apiVersion is missing'],
    [
      'another namespace',
      deployment.replace('name: worker', 'name: worker\n  namespace: other'),
      'worker.yaml:5: Deployment "worker" is for the namespace "other", and this environment is "kafka-pipeline"',
    ],
    [
      'a kind that reaches beyond the namespace',
      `${deployment}---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: { name: all }\n`,
      'worker.yaml:11: ClusterRole (rbac.authorization.k8s.io/v1) is not applied; a manifest may have: Deployment (apps/v1)',
    ],
    [
      'a Secret',
      `${deployment}---\napiVersion: v1\nkind: Secret\nmetadata: { name: x }\n`,
      'worker.yaml:11: a Secret does not belong in a repository',
    ],
    [
      'somebody else’s Deployment',
      `${deployment}---\n${deployment.replace('name: worker\nspec', 'name: other\nspec')}`,
      'worker.yaml:13: Deployment "other" is not the component\'s, "worker"',
    ],
    [
      'the same object twice',
      `${service}---\n${service}---\n${deployment}`,
      'worker.yaml:6: Service "worker" stands twice, already in line 1',
    ],
    [
      'no such container',
      deployment.replace('{ name: worker', '{ name: main'),
      'worker.yaml:5: Deployment "worker" has no container "worker"',
    ],
    [
      'an exported object',
      deployment.replace('name: worker\nspec', 'name: worker\n  uid: x\nspec'),
      "worker.yaml:5: metadata.uid is the server's; delete it",
    ],
  ])('refuses %s, and says where', (_, text, message) => {
    expect(() => readManifest(text, 'worker.yaml', owner)).toThrow(message)
  })

  it('tells everything at once, in the order of the file', () => {
    const text = `apiVersion: v1\nkind: Secret\nmetadata: { name: x }\n---\n${deployment.replace('{ name: worker', '{ name: main')}`
    expect(() => readManifest(text, 'worker.yaml', owner)).toThrow(
      /has 2 problems, and nothing was written:\nworker.yaml:2: .*\nworker.yaml:9: /,
    )
  })
})
