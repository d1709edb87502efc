import { execFile } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { KubernetesApi } from './api.ts'
import { dataDigest } from './configuration/content-digest.ts'
import { imagePath, managersOf } from './field-managers.ts'
import { KubernetesCluster } from './kubernetes-cluster.ts'
import { dataField, imageField, ownersOf } from './owners.ts'
import { RealCluster } from './real-cluster.fixture.ts'

const real = new RealCluster(process.env)
const { namespace } = real
let admin: KubernetesApi
let api: KubernetesApi
let cluster: KubernetesCluster

beforeAll(async () => {
  admin = await real.start()
  api = real.client({ fieldManager: 'runbook-actions' })
  cluster = new KubernetesCluster(api, namespace)
})

afterAll(async () => {
  await api.close()
  await real.stop()
})

function kubectl(args: readonly string[], input: object): Promise<void> {
  return new Promise((resolve, reject) => {
    const all = ['--kubeconfig', real.kubeconfig, '-n', namespace, ...args]
    const child = execFile(real.kubectl, all, (error) => {
      if (error === null) resolve()
      else reject(new Error(`kubectl ${args.join(' ')} failed`, { cause: error }))
    })
    child.stdin?.end(JSON.stringify(input))
  })
}

/** No pods: what is looked at is who wrote what. */
function deployment(name: string, metadata: object = {}) {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, ...metadata },
    spec: {
      replicas: 0,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: { containers: [{ name, image: `registry.local/${name}:v1.0.0` }] },
      },
    },
  }
}

async function found(name: string) {
  const state = (await cluster.components([name], AbortSignal.timeout(30_000))).get(name)
  if (state === undefined) throw new Error(`no ${name}`)
  const writers = managersOf(state.deployment, imagePath(name))
  return { deployment: state.deployment, owners: ownersOf(state.deployment, imageField(name)), writers }
}

const apply = (manager: string) => ['apply', '--server-side', `--field-manager=${manager}`, '-f', '-']

describe('ownersOf, on what the API server keeps', () => {
  it('finds nobody behind kubectl apply', async () => {
    await kubectl(['apply', '-f', '-'], deployment('by-hand'))
    expect(await found('by-hand')).toMatchObject({
      owners: [],
      writers: [{ manager: 'kubectl-client-side-apply', operation: 'Update' }],
    })
  })

  it('still finds Argo CD after our own write has taken the image over', async () => {
    const labels = { 'app.kubernetes.io/instance': 'pipeline' }
    await kubectl(apply('argocd-controller'), deployment('worker', { labels }))
    const before = await found('worker')
    expect(before.owners).toMatchObject([
      { name: 'the Argo CD Application "pipeline"', reverts: 'by-itself' },
    ])
    expect(before.writers).toEqual([{ manager: 'argocd-controller', operation: 'Apply' }])

    await cluster.setImage(
      {
        deployment: 'worker',
        container: 'worker',
        image: 'registry.local/worker:v1.1.0',
        generation: before.deployment.metadata?.generation ?? 0,
        labels: {},
        annotations: {},
      },
      AbortSignal.timeout(30_000),
    )
    const after = await found('worker')
    expect(after.writers).toEqual([{ manager: 'runbook-actions', operation: 'Update' }])
    expect(after.owners).toEqual(before.owners)
  })

  it('takes the label of a chart alone for nobody’s', async () => {
    const labels = { 'app.kubernetes.io/instance': 'pipeline', 'app.kubernetes.io/managed-by': 'Helm' }
    await admin.apply(
      { group: 'apps', version: 'v1', plural: 'deployments', kind: 'Deployment', namespaced: true },
      namespace,
      'rendered',
      deployment('rendered', { labels }),
    )
    expect((await found('rendered')).owners).toEqual([])
  })

  it('finds Argo CD behind a ConfigMap, also after our own write has taken its data over', async () => {
    const labels = { 'app.kubernetes.io/instance': 'pipeline' }
    const metadata = { name: 'settings', labels }
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { LEVEL: 'info' } }
    await kubectl(apply('argocd-controller'), object)
    const signal = AbortSignal.timeout(30_000)
    const of = async () => {
      const live = await cluster.configMap('settings', signal)
      if (live === undefined) throw new Error('no settings')
      return { ...live, owners: ownersOf(live, dataField) }
    }
    const before = await of()
    expect(before.owners).toMatchObject([
      { name: 'the Argo CD Application "pipeline"', reverts: 'by-itself' },
    ])
    const change = { name: 'settings', data: { LEVEL: 'debug' }, before: dataDigest(before.data) }
    await cluster.changeConfigMap(change, signal)
    expect((await of()).owners).toEqual(before.owners)
  })
})
