import { stringify } from 'yaml'

export interface ScrapeTarget {
  /** A kubeconfig that may read pods. */
  readonly kubeconfigFile: string
  readonly namespaces: readonly string[]
  /** A duration such as `1s`. */
  readonly scrapeInterval: string
  /** Alert rules. */
  readonly rulesFile: string
  /** Where firing alerts are sent, as `host:port`. */
  readonly alertmanager: string
}

/** Relabelling that copies what Kubernetes says of a pod. */
const copied = { __meta_kubernetes_namespace: 'namespace', __meta_kubernetes_pod_name: 'pod' }

/**
 * The content of prometheus.yml: every pod of the namespaces that has a port named `http` and runs, with the labels
 * `namespace` and `pod`, as the runbook file expects them by default.
 */
export function prometheusConfiguration(target: ScrapeTarget): string {
  const { kubeconfigFile, namespaces, scrapeInterval, rulesFile, alertmanager } = target
  return stringify({
    global: {
      scrape_interval: scrapeInterval,
      scrape_timeout: scrapeInterval,
      evaluation_interval: scrapeInterval,
    },
    rule_files: [rulesFile],
    alerting: { alertmanagers: [{ static_configs: [{ targets: [alertmanager] }] }] },
    scrape_configs: [
      {
        job_name: 'pods',
        kubernetes_sd_configs: [
          { role: 'pod', kubeconfig_file: kubeconfigFile, namespaces: { names: namespaces } },
        ],
        relabel_configs: [
          { action: 'keep', source_labels: ['__meta_kubernetes_pod_container_port_name'], regex: 'http' },
          { action: 'keep', source_labels: ['__meta_kubernetes_pod_phase'], regex: 'Running' },
          ...Object.entries(copied).map(([from, to]) => ({ source_labels: [from], target_label: to })),
        ],
      },
    ],
  })
}
