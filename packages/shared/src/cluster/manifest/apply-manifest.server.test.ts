import { execFile } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { KubernetesApi } from '../api.ts'
import { nameOf } from '../component.ts'
import { allManagers, imagePath, managersOf } from '../field-managers.ts'
import { describeChange } from '../object-diff.ts'
import { RealCluster } from '../real-cluster.fixture.ts'
import { configMaps, deployments, services } from '../resources.ts'
import { applyManifest, type ManifestWrite } from './apply-manifest.ts'
import { readManifest } from './read-manifest.ts'

const real = new RealCluster(process.env)
const { namespace } = real
const signal = AbortSignal.timeout(120_000)
let api: KubernetesApi
let dry: KubernetesApi

beforeAll(async () => {
  await real.start()
  api = real.client({ fieldManager: 'runbook-actions' })
  dry = real.client({ fieldManager: 'runbook-actions', dryRun: true })
})

afterAll(async () => {
  await api.close()
  await dry.close()
  await real.stop()
})

function kubectl(args: readonly string[], input = ''): Promise<void> {
  return new Promise((resolve, reject) => {
    const all = ['--kubeconfig', real.kubeconfig, '-n', namespace, ...args]
    const child = execFile(real.kubectl, all, (error, _, stderr) => {
      if (error === null) resolve()
      else reject(new Error(`kubectl ${args.join(' ')}: ${stderr}`, { cause: error }))
    })
    child.stdin?.end(input)
  })
}

/** Paused, so that no controller writes beside us, and nothing runs. */
const manifestText = (name: string, more = '', replicas = 'replicas: 2') => `apiVersion: v1
kind: ConfigMap
metadata: { name: ${name} }
data: { LEVEL: info, API_TOKEN: abc }
---
apiVersion: v1
kind: Service
metadata: { name: ${name} }
spec: { selector: { app: ${name} }, ports: [{ port: 80 }] }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name}, labels: { app: ${name} } }
spec:
  ${replicas}
  paused: true
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec:
      containers:
        - name: ${name}
          image: registry.local/${name}:v1.0.0
${more}
`

async function apply(
  name: string,
  more: Partial<ManifestWrite> = {},
  text = manifestText(name),
  client = api,
) {
  const { metadata } = await api.get(deployments, namespace, name)
  return applyManifest(
    client,
    namespace,
    {
      manifest: readManifest(text, `${name}.yaml`, { deployment: name, container: name, namespace }),
      container: name,
      image: `registry.local/${name}:v1.1.0`,
      labels: {},
      annotations: {},
      isScaled: false,
      generation: metadata?.generation ?? 0,
      ...more,
    },
    signal,
  )
}

/** As a team that has applied the manifest with our field manager before. */
const ours = ['apply', '--server-side', '--field-manager=runbook-actions', '-f', '-']
const found = (name: string) => api.get(deployments, namespace, name)
const imageOf = async (name: string) => (await found(name)).spec?.template.spec?.containers[0]?.image

/** What somebody has written; the status is the controller's, and comes at any time. */
async function written(name: string) {
  const { metadata, spec } = await found(name)
  return { spec, generation: metadata?.generation, managers: allManagers({ metadata: metadata ?? {} }) }
}

describe('applyManifest', () => {
  it('applies all objects with the planned image, and tells what changed', async () => {
    await kubectl(ours, manifestText('plain').split('---\n')[2])
    const { deployment, changes } = await apply('plain')
    expect(nameOf(deployment)).toBe('plain')
    expect(await imageOf('plain')).toBe('registry.local/plain:v1.1.0')
    expect(managersOf(await found('plain'), imagePath('plain'))).toEqual([
      { manager: 'runbook-actions', operation: 'Apply' },
    ])
    expect(changes.map(({ object }) => object)).toEqual([
      'ConfigMap plain',
      'Service plain',
      'Deployment plain',
    ])
    expect(changes[0]?.fields.map(describeChange)).toContain('data.API_TOKEN: (not there) → ***')
    expect(changes.at(-1)?.fields.map(describeChange)).toEqual([
      'spec.template.spec.containers[plain].image: "registry.local/plain:v1.0.0" → "registry.local/plain:v1.1.0"',
    ])
    const again = await apply('plain')
    expect(again.changes).toEqual([])
    expect(again.deployment.metadata?.generation).toBe(deployment.metadata?.generation)
  })

  it('shows who owns what in a conflict, and has written nothing', async () => {
    await kubectl(['apply', '-f', '-'], manifestText('owned').split('---\n')[2])
    const before = await written('owned')
    const file = 'owned.yaml'
    await expect(apply('owned')).rejects.toMatchObject({
      message: expect.stringContaining(
        `${file}:11: Deployment "owned": .spec.template.spec.containers[name="owned"].image belongs to "kubectl-client-side-apply"`,
      ),
      next: expect.stringContaining('--force-conflicts --field-manager=runbook-actions'),
    })
    expect(await written('owned')).toEqual(before)
    expect(await api.find(services, namespace, 'owned')).toBeUndefined()
    expect(await api.find(configMaps, namespace, 'owned')).toBeUndefined()
  })

  it('the way out that it names works', async () => {
    await kubectl([...ours.slice(0, -2), '--force-conflicts', '-f', '-'], manifestText('owned'))
    await apply('owned')
    expect(await imageOf('owned')).toBe('registry.local/owned:v1.1.0')
  })

  it('takes back from ourselves what a patch of the image owns since a rollback', async () => {
    await kubectl(ours, manifestText('back'))
    const container = { name: 'back', image: 'registry.local/back:v0.9.0' }
    const spec = { template: { spec: { containers: [container] } } }
    await api.patch(deployments, namespace, 'back', { spec }, 'strategic')
    await apply('back')
    expect(await imageOf('back')).toBe('registry.local/back:v1.1.0')
  })

  it('refuses where somebody changed the Deployment since it was read', async () => {
    await kubectl(ours, manifestText('moved'))
    const { metadata } = await found('moved')
    await kubectl(['scale', 'deployment', 'moved', '--replicas=3'])
    await expect(apply('moved', { generation: metadata?.generation ?? 0 })).rejects.toThrow(
      'changed by somebody else since it was read',
    )
    expect(await imageOf('moved')).toBe('registry.local/moved:v1.0.0')
  })

  it('tells what the server does not accept with its place in the file', async () => {
    await kubectl(ours, manifestText('wrong'))
    const text = manifestText('wrong', '          imagePullPolicy: Sometimes')
    await expect(apply('wrong', {}, text)).rejects.toThrow(
      /wrong.yaml:11: the API server does not accept Deployment "wrong": .*imagePullPolicy/,
    )
  })

  it('stores nothing in a dry run, and tells what it would change', async () => {
    await kubectl(ours, manifestText('dry').split('---\n')[2])
    const before = await written('dry')
    const { changes } = await apply('dry', {}, manifestText('dry'), dry)
    expect(changes.map(({ object }) => object)).toEqual(['ConfigMap dry', 'Service dry', 'Deployment dry'])
    expect(await written('dry')).toEqual(before)
    expect(await api.find(configMaps, namespace, 'dry')).toBeUndefined()
  })

  it('leaves the replicas to an autoscaler: before it has written them, and after', async () => {
    await kubectl(ours, manifestText('scaled', '', 'replicas: 5'))
    const text = manifestText('scaled', '', 'replicas: 2')
    await apply('scaled', { isScaled: true }, text)
    expect((await found('scaled')).spec?.replicas).toBe(5)

    // As the autoscaler does it: by the subresource.
    await kubectl(['scale', 'deployment', 'scaled', '--replicas=7'])
    await apply('scaled', { isScaled: true, image: 'registry.local/scaled:v1.2.0' }, text)
    const after = await found('scaled')
    expect(after.spec?.replicas).toBe(7)
    expect(managersOf(after, ['f:spec', 'f:replicas']).map(({ operation }) => operation)).toEqual(['Update'])
  })
})
