import type { Gate, Occasion } from './gate.ts'
import { capacity } from './capacity.ts'
import { changeReviewed } from './change-reviewed.ts'
import { checklist } from './checklist.ts'
import { checksGreen } from './checks-green.ts'
import { configurationReviewed } from './configuration-reviewed.ts'
import { deploymentWindow } from './deployment-window.ts'
import { docsUpdated } from './docs-updated.ts'
import { imagePresent } from './image-present.ts'
import { metricsPresent } from './metrics-present.ts'
import { migrationsValidated } from './migrations-validated.ts'
import { monitoringReady } from './monitoring-ready.ts'
import { noActiveIncident } from './no-active-incident.ts'
import { noOtherDeployment } from './no-other-deployment.ts'
import { ownership } from './ownership.ts'
import { podsHealthy } from './pods-healthy.ts'
import { productionHealthy } from './production-healthy.ts'
import { runningVersion } from './running-version.ts'
import { stagingHealthy } from './staging-healthy.ts'
import { startupLogs } from './startup-logs.ts'
import { unchangedSincePlan } from './unchanged-since-plan.ts'

/** Every gate, in the order of the runbook. A new one is a file beside this and a line here. */
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
  metricsPresent,
]

/** The gates that are asked on an occasion. */
export function gatesFor(occasion: Occasion): readonly Gate[] {
  return registry.filter((gate) => gate.occasions.includes(occasion))
}
