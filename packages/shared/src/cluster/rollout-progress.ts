import {
  currentReplicaSet,
  isTerminating,
  nameOf,
  replicasOf,
  splitPods,
  type ComponentState,
} from './component.ts'

/** How far a rollout is. */
export interface RolloutProgress {
  readonly state: 'progressing' | 'complete' | 'deadline-exceeded'
  /** In kubectl's words as far as kubectl looks, in ours beyond. */
  readonly message: string
  readonly available: number
}

/**
 * kubectl's rule for `rollout status` of a Deployment (kubectl, polymorphichelpers/rollout_status.go), and stricter:
 * the ReplicaSet of the current template must be known, and no old pod may be left, Terminating ones included, which
 * Kubernetes itself does not count: an old consumer that is still draining still owns partitions.
 *
 * @param since when the rollout began: a deadline exceeded before that is of an earlier one. The condition stays
 *   until the first progress, so a good rollback would else be reported as failed.
 */
export function rolloutProgress(component: ComponentState, since: Date): RolloutProgress {
  const { deployment } = component
  const status = deployment.status ?? {}
  const wanted = replicasOf(deployment)
  const updated = status.updatedReplicas ?? 0
  const available = status.availableReplicas ?? 0
  const replicas = status.replicas ?? 0
  const waiting = (what: string): RolloutProgress => ({
    state: 'progressing',
    message: `Waiting for deployment "${nameOf(deployment)}" rollout to finish: ${what}...`,
    available,
  })

  if ((deployment.metadata?.generation ?? 0) > (status.observedGeneration ?? 0)) {
    return {
      state: 'progressing',
      message: 'Waiting for deployment spec update to be observed...',
      available,
    }
  }
  const deadline = status.conditions?.find((condition) => condition.reason === 'ProgressDeadlineExceeded')
  if (deadline?.type === 'Progressing' && !isBefore(deadline.lastUpdateTime, since)) {
    return {
      state: 'deadline-exceeded',
      message: `deployment "${nameOf(deployment)}" exceeded its progress deadline`,
      available,
    }
  }
  if (updated < wanted) return waiting(`${updated} out of ${wanted} new replicas have been updated`)
  if (replicas > updated) return waiting(`${replicas - updated} old replicas are pending termination`)
  if (available < updated) return waiting(`${available} of ${updated} updated replicas are available`)

  if (wanted > 0 && currentReplicaSet(component) === undefined)
    return waiting('its ReplicaSet is not seen yet')
  const leaving = splitPods(component).old
  if (leaving.length > 0) {
    const draining = leaving.filter(isTerminating).length
    return waiting(`${leaving.length} old pods are still there, ${draining} of them Terminating`)
  }
  return {
    state: 'complete',
    message: `deployment "${nameOf(deployment)}" successfully rolled out`,
    available,
  }
}

/** Times of the API are whole seconds: one of the same second as `since` is not before it. */
function isBefore(time: string | undefined, since: Date): boolean {
  const secondsMs = 1000
  return time === undefined || Date.parse(time) < Math.floor(since.getTime() / secondsMs) * secondsMs
}
