import type { Canary } from '@runbook-actions/shared/cluster/canary.ts'
import type { Cluster, ComponentWatch } from '@runbook-actions/shared/cluster/cluster.ts'
import type { Clock, Logger } from '@runbook-actions/shared/ports.ts'

export interface RemovalPorts {
  readonly cluster: Cluster
  /** Throws where the lock has ended. */
  readonly checkWrite: () => void
  readonly log: Logger
  readonly signal: AbortSignal
}

/** Removes canaries that were left. Their pods end meanwhile: nothing else waits for them. */
export async function removeCanaries(
  canaries: readonly Canary[],
  dryRun: boolean,
  { cluster, checkWrite, log, signal }: RemovalPorts,
): Promise<void> {
  for (const canary of canaries) {
    checkWrite()
    await cluster.removeCanary(canary, signal)
    log.info(`deployment.apps/${canary.name} deleted${dryRun ? ' (server dry run)' : ''}`)
  }
}

/**
 * Waits until the removed canaries are gone with their pods: until then they take messages.
 *
 * @param deadline until when that may take
 * @returns which are not gone, in one sentence; undefined where all are
 */
export async function canariesLeft(
  canaries: readonly Canary[],
  deadline: Date,
  {
    watch,
    clock,
    signal,
  }: { readonly watch: ComponentWatch; readonly clock: Clock; readonly signal: AbortSignal },
): Promise<string | undefined> {
  for (;;) {
    const left = canaries.filter(
      ({ name, state }) =>
        watch.state(name)?.deployment.metadata?.uid === (state.deployment.metadata?.uid ?? ''),
    )
    if (left.length === 0) return undefined
    if (clock.now() >= deadline)
      return `Removed, and its pods are not gone yet: ${left.map(({ name }) => name).join(', ')}.`
    await watch.next(deadline, signal)
  }
}
