import { actionsDown } from './actions-down.ts'
import { apiFaults } from './api-faults.ts'
import { argoOwned } from './argo-owned.ts'
import { badConfig } from './bad-config.ts'
import { badImage } from './bad-image.ts'
import { breakerOpen } from './breaker-open.ts'
import { cancelled } from './cancelled.ts'
import { cancelledBack } from './cancelled-back.ts'
import { configChange } from './config-change.ts'
import { crashLoop } from './crash-loop.ts'
import { dlqSpike } from './dlq-spike.ts'
import { errorSpike } from './error-spike.ts'
import { firstDeployment } from './first-deployment.ts'
import { githubDown } from './github-down.ts'
import { goodBadBad } from './good-bad-bad.ts'
import { hostileLogs } from './hostile-logs.ts'
import { incidentOpen } from './incident-open.ts'
import { killed } from './killed.ts'
import { lagGrowth } from './lag-growth.ts'
import { lockHeld } from './lock-held.ts'
import { movedTag } from './moved-tag.ts'
import { noTraffic } from './no-traffic.ts'
import { outOfQuota } from './out-of-quota.ts'
import { privateBrokers } from './private-brokers.ts'
import { providerOutage } from './provider-outage.ts'
import { redeployBad } from './redeploy-bad.ts'
import { rerun } from './rerun.ts'
import { rollback } from './rollback.ts'
import { rollbackDuringDeploy } from './rollback-during-deploy.ts'
import { rollbackFails } from './rollback-fails.ts'
import { rollbackInterrupted } from './rollback-interrupted.ts'
import { rolling } from './rolling.ts'
import { runnerLost } from './runner-lost.ts'
import type { Scenario } from './scenario.ts'
import { slowUploads } from './slow-uploads.ts'
import { smallBreach } from './small-breach.ts'
import { stagingFails } from './staging-fails.ts'
import { stuckRollout } from './stuck-rollout.ts'
import { transientPull } from './transient-pull.ts'
import { unreviewed } from './unreviewed.ts'
import { unticked } from './unticked.ts'
import { windowClosed } from './window-closed.ts'
import { zeroReplicas } from './zero-replicas.ts'

/** Every scenario; the first is the default. */
export const scenarios: readonly Scenario[] = [
  rolling,
  windowClosed,
  incidentOpen,
  unreviewed,
  unticked,
  stagingFails,
  badImage,
  crashLoop,
  stuckRollout,
  transientPull,
  outOfQuota,
  argoOwned,
  firstDeployment,
  movedTag,
  zeroReplicas,
  hostileLogs,
  errorSpike,
  smallBreach,
  lagGrowth,
  dlqSpike,
  breakerOpen,
  slowUploads,
  noTraffic,
  providerOutage,
  privateBrokers,
  rerun,
  cancelled,
  cancelledBack,
  killed,
  runnerLost,
  lockHeld,
  apiFaults,
  rollback,
  rollbackDuringDeploy,
  rollbackFails,
  rollbackInterrupted,
  githubDown,
  actionsDown,
  goodBadBad,
  redeployBad,
  configChange,
  badConfig,
]
