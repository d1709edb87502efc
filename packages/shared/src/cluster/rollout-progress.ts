import { isReady, isTerminating, nameOf, replicasOf, splitPods, type ComponentState } from './component.ts'

/** How far a rollout is. */
export interface RolloutProgress {
  readonly state: 'progressing' | 'complete' | 'deadline-exceeded'
  /** In kubectl's words as far as kubectl looks, in ours beyond. */
  readonly message: string
  readonly available: number
}

/**
 * kubectl's rule for `rollout status` of a Deployment (kubectl, polymorphichelpers/rollout_status.go), and stricter:
 * the pods of the current template must be seen Ready, and no old pod may be left, Terminating ones included, which
 * Kubernetes itself does not count: an old consumer that is still draining still owns partitions.
 *
 * @param since when the rollout began: a deadline exceeded before that is of an earlier one. The condition stays
 *   until the first progress, so a good rollback would else be reported as failed.
 * @param from.generation the least `metadata.generation` that has the change: a watch may still show the one before
 * @param from.least replicas that it is held at: KEDA may not have followed yet, or the watch not have shown it
 */
export function rolloutProgress(
  component: ComponentState,
  since: Date,
  { generation = 0, least = 0 }: { generation?: number; least?: number | undefined } = {},
): RolloutProgress {
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

  if (!isObserved(component, generation)) {
    return {
      state: 'progressing',
      message: 'Waiting for deployment spec update to be observed...',
      available,
    }
  }
  const progressing = status.conditions?.find(({ type }) => type === 'Progressing')
  if (progressing?.reason === 'ProgressDeadlineExceeded' && !isBefore(progressing.lastUpdateTime, since)) {
    return {
      state: 'deadline-exceeded',
      message: `deployment "${nameOf(deployment)}" exceeded its progress deadline`,
      available,
    }
  }
  if (wanted < least) return waiting(`it is scaled to ${wanted}, and held at ${least}`)
  if (updated < wanted) return waiting(`${updated} out of ${wanted} new replicas have been updated`)
  if (replicas > updated) return waiting(`${replicas - updated} old replicas are pending termination`)
  if (available < updated) return waiting(`${available} of ${updated} updated replicas are available`)

  // The Deployment's status comes by another watch than its pods: it may be ahead of them.
  const { current, old: leaving } = splitPods(component)
  const ready = current.filter(isReady).length
  if (ready < wanted) return waiting(`${ready} of ${wanted} updated pods are seen Ready`)
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

/** Whether the controller has looked at the change: until then pods, revision and status are those of before. */
export function isObserved({ deployment }: ComponentState, generation: number): boolean {
  const wanted = Math.max(deployment.metadata?.generation ?? 0, generation)
  return (deployment.status?.observedGeneration ?? 0) >= wanted
}

/** Times of the API are whole seconds: one of the same second as `since` is not before it. */
function isBefore(time: string | undefined, since: Date): boolean {
  const secondsMs = 1000
  const at = Date.parse(time ?? '')
  return Number.isNaN(at) || at < Math.floor(since.getTime() / secondsMs) * secondsMs
}
