import type { Cluster } from '../cluster/cluster.ts'
import type { Metrics } from '../metrics/metrics.ts'
import type { MonitoringConnections } from '../metrics/monitoring-connections.ts'
import { PodMetrics, type WantedSeries } from '../metrics/pod-metrics.ts'
import { PrometheusMetrics } from '../metrics/prometheus-metrics.ts'
import type { Runbook } from '../runbook/schema.ts'
import type { ActionContext } from './run.ts'

/** Of the pods that are read directly, so many must answer: as a Prometheus section has it by default. */
const podCoverage = 0.8

/** Where an environment's metrics are read: the Prometheus of the runbook file, else the pods themselves. */
export function metricsConnection(
  runbook: Runbook,
  cluster: Cluster,
  { prometheus: connection }: Pick<MonitoringConnections, 'prometheus'>,
  { clock, log }: Pick<ActionContext<unknown, never>, 'clock' | 'log'>,
): Metrics {
  const { prometheus, components, watch } = runbook
  if (prometheus === undefined || connection === undefined) {
    const { every: everyMs } = watch
    const wanted = wantedSeries(runbook)
    return new PodMetrics({ cluster, components, wanted, everyMs, coverage: podCoverage, clock, log })
  }
  const { labels, scrapeInterval, rateWindow, coverage } = prometheus
  const deployments = components.map(({ deployment }) => deployment)
  return new PrometheusMetrics({
    ...connection,
    pods: { namespace: cluster.namespace, deployments, labels },
    scrapeIntervalMs: scrapeInterval,
    rateWindowMs: rateWindow,
    coverage,
    clock,
  })
}

/** Every series that a gate may ask for. */
function wantedSeries({ gates }: Runbook): WantedSeries {
  const { errorRate, downloadSuccess, retryRate, dlqRate, latencyP95, uploadLatency, circuitBreaker } = gates
  return {
    counters: [
      errorRate.errors,
      errorRate.messages,
      downloadSuccess.successes,
      downloadSuccess.attempts,
      retryRate.retries,
      retryRate.messages,
      dlqRate.dead,
    ],
    histograms: [latencyP95.histogram, uploadLatency.histogram],
    gauges: [circuitBreaker.state],
  }
}
