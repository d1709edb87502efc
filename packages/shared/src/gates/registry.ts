import type { Gate, Occasion } from './gate.ts'
import { capacity } from './capacity.ts'
import { changeReviewed } from './change-reviewed.ts'
import { checklist } from './checklist.ts'
import { checksGreen } from './checks-green.ts'
import { circuitBreaker } from './circuit-breaker.ts'
import { commandGates } from './command.ts'
import { configurationErrors } from './configuration-errors.ts'
import { configurationLoaded } from './configuration-loaded.ts'
import { configurationReviewed } from './configuration-reviewed.ts'
import { consumerLag } from './consumer-lag.ts'
import { deploymentWindow } from './deployment-window.ts'
import { dlqRate } from './dlq-rate.ts'
import { docsUpdated } from './docs-updated.ts'
import { downloadSuccess } from './download-success.ts'
import { errorRate } from './error-rate.ts'
import { imagePresent } from './image-present.ts'
import { latencyP95 } from './latency-p95.ts'
import { lagTrend } from './lag-trend.ts'
import { metricsPresent } from './metrics-present.ts'
import { migrationsValidated } from './migrations-validated.ts'
import { monitoringReady } from './monitoring-ready.ts'
import { noActiveIncident } from './no-active-incident.ts'
import { noOtherDeployment } from './no-other-deployment.ts'
import { ownership } from './ownership.ts'
import { podsHealthy } from './pods-healthy.ts'
import { productionHealthy } from './production-healthy.ts'
import { restarts } from './restarts.ts'
import { retryRate } from './retry-rate.ts'
import { runningVersion } from './running-version.ts'
import { stagingHealthy } from './staging-healthy.ts'
import { startupLogs } from './startup-logs.ts'
import { unchangedSincePlan } from './unchanged-since-plan.ts'
import type { Runbook } from '../runbook/schema.ts'
import { WATCHED_GATES } from '../runbook/schema/names.ts'
import { uploadLatency } from './upload-latency.ts'

/**
 * Every gate of the suite, in the order of the runbook. A new one is a file beside this and a line here. Those that are
 * commands of the team come from its runbook file.
 */
export const registry: readonly Gate[] = [
  changeReviewed,
  checksGreen,
  docsUpdated,
  configurationReviewed,
  migrationsValidated,
  monitoringReady,
  checklist,
  stagingHealthy,
  productionHealthy,
  consumerLag,
  errorRate,
  latencyP95,
  noActiveIncident,
  deploymentWindow,
  unchangedSincePlan,
  noOtherDeployment,
  ownership,
  capacity,
  imagePresent,
  runningVersion,
  podsHealthy,
  startupLogs,
  configurationLoaded,
  configurationErrors,
  metricsPresent,
  lagTrend,
  restarts,
  downloadSuccess,
  uploadLatency,
  retryRate,
  dlqRate,
  circuitBreaker,
]

/**
 * The gates that are asked on an occasion. While a release is watched after its rollout, the runbook file says which: the
 * critical ones are watched as long as the important ones, and what can send a release back is watched from the start.
 */
export function gatesFor(occasion: Occasion, runbook: Runbook): readonly Gate[] {
  const { watch, rollback } = runbook
  const asked = [...registry, ...commandGates(runbook)].filter((gate) => gate.occasions.includes(occasion))
  if (occasion !== 'critical' && occasion !== 'important') return asked
  const triggers = rollback.triggers.map(({ gate }) => gate)
  const important = occasion === 'important' ? watch.important.gates : []
  const watched = new Set<string>([...watch.critical.gates, ...important, ...triggers])
  return asked.filter(({ name }) => watched.has(name) || !isWatchedByName(name))
}

/** Whether the runbook file decides when it is watched; what it does not know of is watched always. */
function isWatchedByName(name: string): boolean {
  return (WATCHED_GATES as readonly string[]).includes(name)
}
