import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { prometheusConfiguration, type ScrapeTarget } from './configuration.ts'
import { startServer, type ServerProcess } from './server-process.ts'

export interface PrometheusOptions extends Omit<ScrapeTarget, 'kubeconfigFile'> {
  readonly binary: string
  /** Holds configuration, data and prometheus.log. */
  readonly dir: string
  /** The content of a kubeconfig that may read pods. */
  readonly kubeconfig: string
}

/** Starts Prometheus on 127.0.0.1 and returns when it is ready; it then finds the pods by itself. */
export async function startPrometheus(options: PrometheusOptions): Promise<ServerProcess> {
  const { binary, dir, kubeconfig, ...target } = options
  await mkdir(dir, { recursive: true })
  const kubeconfigFile = join(dir, 'kubeconfig')
  await writeFile(kubeconfigFile, kubeconfig, { mode: 0o600 })
  const configuration = join(dir, 'prometheus.yml')
  await writeFile(configuration, prometheusConfiguration({ ...target, kubeconfigFile }))
  return startServer({
    name: 'prometheus',
    binary,
    dir,
    args: (address) => [
      `--config.file=${configuration}`,
      `--storage.tsdb.path=${join(dir, 'data')}`,
      '--storage.tsdb.retention.time=6h',
      `--web.listen-address=${address}`,
      // To forget, between two scenarios, what the one before has left.
      '--web.enable-admin-api',
    ],
  })
}
