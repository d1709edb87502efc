import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import { UserError } from '../../packages/shared/src/errors.ts'
import type { RehearsalCluster } from '../kubernetes/cluster.ts'
import { prometheusAccess } from '../prometheus/access.ts'
import { startAlertmanager, type Alertmanager } from '../prometheus/alertmanager.ts'
import { buildAlertmanager, buildPrometheus } from '../prometheus/build.ts'
import { startPrometheus } from '../prometheus/prometheus.ts'
import type { ServerProcess } from '../prometheus/server-process.ts'
import { environments, production, serviceAccountKubeconfig } from './environment.ts'
import { scrapeInterval } from './runbook.ts'

const scrapeLimitMs = 60_000
const askEveryMs = 200
const rulesFile = join(import.meta.dirname, '../../examples/kafka-pipeline/monitoring/alerts.yaml')
const namespaces = environments.map(({ namespace }) => namespace)

/** What the pipeline needs of a Prometheus. */
export interface PipelinePrometheus extends ServerProcess {
  /** Deletes every series: what one scenario did must not be the next one's baseline. */
  forget(): Promise<void>
}

/** Builds Prometheus; what it returns starts one that watches the pods of the cluster. */
export async function prometheusStarter(options: {
  readonly dir: string
  readonly cache: string
  readonly log: (line: string) => void
}): Promise<(cluster: RehearsalCluster, alertmanager: Alertmanager) => Promise<PipelinePrometheus>> {
  const binary = await buildPrometheus(options)
  return async (cluster, alertmanager) => {
    const access = prometheusAccess({ name: 'prometheus', namespace: production.namespace }, namespaces)
    await cluster.kubectlRun(['apply', '-f', '-'], access)
    const server = await startPrometheus({
      binary,
      dir: join(options.dir, 'prometheus'),
      kubeconfig: await serviceAccountKubeconfig(cluster, 'prometheus', production),
      namespaces,
      scrapeInterval,
      rulesFile,
      alertmanager: new URL(alertmanager.url).host,
    })
    return { ...server, forget: () => deleteSeries(server.url) }
  }
}

/** Builds Alertmanager; what it returns starts one. */
export async function alertmanagerStarter(options: {
  readonly dir: string
  readonly cache: string
  readonly log: (line: string) => void
}): Promise<() => Promise<Alertmanager>> {
  const binary = await buildAlertmanager(options)
  return () => startAlertmanager({ binary, dir: join(options.dir, 'alertmanager') })
}

async function deleteSeries(url: string): Promise<void> {
  const everything = new URLSearchParams({ 'match[]': '{__name__=~".+"}' })
  const response = await fetch(`${url}/api/v1/admin/tsdb/delete_series?${String(everything)}`, {
    method: 'POST',
  })
  if (!response.ok) throw new Error(`Prometheus forgets nothing: ${response.status} ${await response.text()}`)
}

const vector = z.object({
  data: z.object({ result: z.array(z.object({ metric: z.record(z.string(), z.string()) })) }),
})

/**
 * Waits until Prometheus has scraped every pod that runs.
 *
 * @throws UserError that names the pods which it does not know after a minute
 */
export async function untilScraped({ url }: PipelinePrometheus, cluster: RehearsalCluster): Promise<void> {
  const pods = await runningPods(cluster)
  const deadline = AbortSignal.timeout(scrapeLimitMs)
  for (;;) {
    const scraped = await scrapedPods(url)
    const missing = pods.filter((pod) => !scraped.has(pod))
    if (missing.length === 0) return
    if (deadline.aborted) {
      throw new UserError(
        `Prometheus at ${url} does not scrape ${missing.join(', ')}.`,
        'It must scrape the port "http" of the pods in these namespaces, and name them by the labels "namespace" and "pod".',
      )
    }
    await delay(askEveryMs)
  }
}

async function runningPods(cluster: RehearsalCluster): Promise<string[]> {
  const names = namespaces.map(async (namespace) => {
    const args = ['get', 'pods', '-n', namespace, '--field-selector=status.phase=Running', '-o', 'name']
    const lines = (await cluster.kubectlRun(args)).split('\n').filter((line) => line !== '')
    return lines.map((line) => `${namespace}/${line.replace(/^pod\//, '')}`)
  })
  return (await Promise.all(names)).flat()
}

async function scrapedPods(url: string): Promise<Set<string>> {
  const response = await fetch(`${url}/api/v1/query?query=${encodeURIComponent('up == 1')}`)
  if (!response.ok) throw new Error(`Prometheus answers ${response.status}: ${await response.text()}`)
  const { result } = vector.parse(await response.json()).data
  return new Set(result.map(({ metric }) => `${metric.namespace ?? ''}/${metric.pod ?? ''}`))
}
