import { join } from 'node:path'
import type { KubernetesApi } from '../../packages/shared/src/cluster/api.ts'
import type { ComponentState } from '../../packages/shared/src/cluster/component.ts'
import { KubernetesCluster } from '../../packages/shared/src/cluster/kubernetes-cluster.ts'
import { rolloutProgress } from '../../packages/shared/src/cluster/rollout-progress.ts'
import { renderManifests } from '../pipeline/manifests.ts'
import { components, type Component } from '../pipeline/components.ts'
import type { RehearsalCluster } from '../kubernetes/cluster.ts'

/** How long the first version may take, image pulls and Kafka's rebalances included. */
const settleLimitMs = 120_000
const rbac = join(import.meta.dirname, '../../rbac')

/** One environment of the pipeline in the rehearsal's cluster. */
export interface RehearsalEnvironment {
  readonly name: 'staging' | 'production'
  readonly namespace: string
  /** Before topics and groups: both environments share one broker. */
  readonly prefix: string
  readonly replicas: Partial<Record<Component, number>>
}

export const staging: RehearsalEnvironment = {
  name: 'staging',
  namespace: 'kafka-pipeline-staging',
  prefix: 'staging.',
  replicas: { 'event-ingester': 1, 'download-worker': 2, 'result-processor': 1 },
}

export const production: RehearsalEnvironment = {
  name: 'production',
  namespace: 'kafka-pipeline',
  prefix: '',
  replicas: {},
}

export const environments = [staging, production] as const

/**
 * Files that each event-ingester pod announces per second: enough messages for windows of seconds. All pods and the
 * broker together then need half a core.
 */
export const usualTraffic = 20

/** On every namespace that a rehearsal makes: what has it may be deleted. */
export const rehearsalLabel = 'runbook-actions.io/rehearsal'

/** Makes the namespace with the Roles that the suite documents. */
export async function prepareEnvironment(
  cluster: RehearsalCluster,
  { namespace }: RehearsalEnvironment,
): Promise<void> {
  const manifest = `apiVersion: v1\nkind: Namespace\nmetadata: {name: ${namespace}, labels: {${rehearsalLabel}: 'true'}}\n`
  await cluster.kubectlRun(['apply', '-f', '-'], manifest)
  await cluster.kubectlRun(['apply', '-n', namespace, '-f', rbac])
}

/** Puts v1.0.0 there, as a team would by hand, and waits until every pod of it is Ready and all others are gone. */
export async function deployFirstVersion(
  cluster: RehearsalCluster,
  api: KubernetesApi,
  { namespace, prefix, replicas }: RehearsalEnvironment,
  brokers: readonly string[],
): Promise<void> {
  const since = new Date()
  const settings = { EVENTS_PER_SECOND: String(usualTraffic) }
  const manifests = await renderManifests({ brokers, prefix, replicas, settings })
  await cluster.kubectlRun(['apply', '-n', namespace, '-f', '-'], manifests)
  await untilSettled(api, { namespace }, since)
}

/** Waits until every pod of the templates, as written at `since`, is Ready and all others are gone. */
export async function untilSettled(
  api: KubernetesApi,
  { namespace }: Pick<RehearsalEnvironment, 'namespace'>,
  since: Date,
): Promise<void> {
  const signal = AbortSignal.timeout(settleLimitMs)
  const watch = await new KubernetesCluster(api, namespace).watch(signal)
  try {
    // Stricter than kubectl rollout status, which does not wait for pods that are still Terminating.
    while (!components.every((name) => isComplete(watch.state(name), since))) {
      await watch.next(new Date(Date.now() + settleLimitMs), signal)
    }
  } finally {
    watch.close()
  }
}

function isComplete(state: ComponentState | undefined, since: Date): boolean {
  return state !== undefined && rolloutProgress(state, since).state === 'complete'
}

/** A kubeconfig that can do what the ServiceAccount's Role says, and no more. */
export async function serviceAccountKubeconfig(
  cluster: Pick<RehearsalCluster, 'kubectlRun' | 'server'>,
  account: 'runbook-reader' | 'runbook-deployer' | 'prometheus',
  { namespace }: Pick<RehearsalEnvironment, 'namespace'>,
): Promise<string> {
  const token = (
    await cluster.kubectlRun(['create', 'token', account, '-n', namespace, '--duration=24h'])
  ).trim()
  const template = [
    'config',
    'view',
    '--raw',
    '--minify',
    '--flatten',
    '-o',
    'jsonpath={.clusters[0].cluster.certificate-authority-data}',
  ]
  const authority = await cluster.kubectlRun(template)
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': account,
    clusters: [
      { name: 'rehearsal', cluster: { server: cluster.server, 'certificate-authority-data': authority } },
    ],
    users: [{ name: account, user: { token } }],
    contexts: [{ name: account, context: { cluster: 'rehearsal', user: account } }],
  })
}
