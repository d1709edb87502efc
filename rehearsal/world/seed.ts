import { readFile } from 'node:fs/promises'
import { connect, type KubernetesApi } from '../../packages/shared/src/cluster/api.ts'
import { ConfigMapRecordStore } from '../../packages/shared/src/cluster/config-map-record-store.ts'
import { KubernetesCluster } from '../../packages/shared/src/cluster/kubernetes-cluster.ts'
import { loadKubeconfig } from '../../packages/shared/src/cluster/kubeconfig.ts'
import { takeSnapshot } from '../../packages/shared/src/cluster/snapshot.ts'
import { adoptWhatRuns } from '../../packages/shared/src/cluster/what-runs.ts'
import { silent, systemClock } from '../../packages/shared/src/ports.ts'
import { openRecord } from '../../packages/shared/src/record/open.ts'
import { components } from '../pipeline/components.ts'
import type { RehearsalCluster } from '../kubernetes/cluster.ts'
import type { RehearsalEnvironment } from './environment.ts'

export const pipeline = 'kafka-pipeline'

/** The product's own client, as the cluster's administrator: for looking and for seeding. */
export async function adminApi(cluster: RehearsalCluster): Promise<KubernetesApi> {
  const content = await readFile(cluster.kubeconfig, 'utf8')
  const credentials = loadKubeconfig({ content, env: {}, log: silent })
  return connect(credentials, { fieldManager: 'rehearsal', userAgent: 'rehearsal', log: silent, env: {} })
}

export function recordStore(
  api: KubernetesApi,
  { name, namespace }: RehearsalEnvironment,
): ConfigMapRecordStore {
  return new ConfigMapRecordStore(api, { namespace, pipeline, environment: name })
}

/** Records v1.0.0 as deployed and known good, with what its pods really run: as its deployment would have. */
export async function seedRecord(
  api: KubernetesApi,
  environment: RehearsalEnvironment,
  commit: string,
): Promise<void> {
  const { name, namespace } = environment
  const signal = AbortSignal.timeout(30_000)
  const cluster = new KubernetesCluster(api, namespace)
  const states = await cluster.components(components, signal)
  const plan = components.map((deployment) => ({ deployment, container: deployment }))
  const adopted = adoptWhatRuns(plan, states, systemClock.now())
  const record = openRecord(
    {
      pipeline,
      environment: name,
      namespace,
      version: 'v1.0.0',
      tag: 'v1.0.0',
      commit,
      class: 'minor',
      strategy: 'rolling',
      approval: 'production-product-owner',
      run: {
        id: '1000',
        attempt: '1',
        url: 'https://github.example/acme/kafka-pipeline/actions/runs/1000',
        actor: 'rosa',
      },
      plan: [],
    },
    systemClock.now(),
  )
  const store = recordStore(api, environment)
  await store.load(signal)
  await store.saveGood(
    { ...record, deployed: adopted.components, closedAt: systemClock.now().toISOString() },
    {
      good: { ...adopted, recordId: record.id, version: 'v1.0.0', commit },
      state: await takeSnapshot(cluster, states.values(), { clock: systemClock, signal }),
    },
    signal,
  )
}
