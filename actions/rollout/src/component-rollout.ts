import type { ComponentState } from '@runbook-actions/shared/cluster/component.ts'
import type { Cluster, ComponentWatch } from '@runbook-actions/shared/cluster/cluster.ts'
import type { ObjectChange } from '@runbook-actions/shared/cluster/manifest/apply-manifest.ts'
import {
  followRollout,
  type RolloutEnd,
  type RolloutLimits,
} from '@runbook-actions/shared/cluster/follow-rollout.ts'
import type { Diagnosis } from '@runbook-actions/shared/record/diagnosis.ts'
import { rollingStrategy } from '@runbook-actions/shared/cluster/strategy.ts'
import { contentOfPods } from '@runbook-actions/shared/cluster/image.ts'
import { runsAlready } from '@runbook-actions/shared/cluster/what-runs.ts'
import type { Clock, Logger } from '@runbook-actions/shared/ports.ts'
import type {
  Availability,
  DeployedComponent,
  PlannedComponent,
} from '@runbook-actions/shared/record/schema.ts'
import { diagnoseFailure } from './diagnose-failure.ts'
import { writeComponent, type WriteOptions } from './write-component.ts'

/** What became of one component. */
export interface ComponentRollout {
  readonly component: PlannedComponent
  readonly written: boolean
  /** What the write changes, as the API server says; in a dry run what it would. */
  readonly changes: readonly ObjectChange[]
  /** Fewest pods Ready that its rolling strategy promises: fewer is the downtime that the runbook rules out. */
  readonly promisedReady: number
  /** It was scaled to zero and is held for its validation; in a dry run, it would be. */
  readonly isWoken: boolean
  /** Absent in a dry run. */
  readonly end?: RolloutEnd
  /** Why its pods did not come up. */
  readonly diagnosis?: Diagnosis
  readonly deployed?: DeployedComponent
}

/** What rolling one component needs to know of the whole. */
export interface RollOptions extends WriteOptions {
  readonly limits: RolloutLimits
}

export interface RollPorts {
  readonly cluster: Cluster
  readonly watch: ComponentWatch
  /** Told right before a Deployment is written: the write may arrive although its answer does not. */
  readonly writes: (deployment: string) => void
  /** Throws where the lock has ended. */
  readonly checkWrite: () => void
  readonly clock: Clock
  readonly log: Logger
  readonly signal: AbortSignal
}

/**
 * Sets one component's image, unless it has it already, or applies its manifest; then wakes it where it sleeps, so that
 * only pods of the new version start; and follows its rollout to the end.
 *
 * @throws UserError where somebody else changed the Deployment meanwhile, or it must not be woken
 */
export async function rollComponent(
  component: PlannedComponent,
  state: ComponentState,
  options: RollOptions,
  { cluster, watch, writes, checkWrite, clock, log, signal }: RollPorts,
): Promise<ComponentRollout> {
  const { record, limits, dryRun } = options
  const { deployment, to, strategy, autoscaler, wake, restartedAt } = component
  const title = restartedAt === undefined ? `${component.from} → ${to}` : 'restart'
  return log.group(`${deployment}: ${title}`, async () => {
    const since = clock.now()
    const already = runsAlready(component, state)
    let generation = state.deployment.metadata?.generation ?? 0
    let isChanged = false
    let changes: readonly ObjectChange[] = []
    if (already) log.info(`${deployment} has ${to} already: nothing to write, but its pods are looked at.`)
    else {
      const scaled = autoscaler === undefined ? '' : `, ${autoscaler}`
      log.info(`${component.replicas} pods${scaled}: ${strategy}.`)
      writes(deployment)
      const written = await writeComponent(component, state, options, { cluster, log, signal })
      isChanged = written.generation !== generation
      ;({ generation, changes } = written)
    }
    const { replicas, unavailable } = rollingStrategy(state.deployment)
    const promisedReady = replicas - unavailable
    let isWoken = false
    if (wake !== undefined) {
      checkWrite()
      isWoken = await cluster.hold({ deployment, ...wake }, signal)
      const held = dryRun ? 'would be held' : 'is held'
      if (isWoken) log.info(`It is scaled to zero, and ${held} at ${wake.replicas} for its validation.`)
    }
    const change = { component, written: isChanged && !dryRun, changes, promisedReady, isWoken }
    if (dryRun) return change

    const least = isWoken ? wake?.replicas : undefined
    const following = { since, generation, least, limits, clock, log, signal }
    const end = await followRollout(watch, deployment, following)
    for (const line of end.evidence) log.info(line)
    if (change.written && end.fewestReady < promisedReady)
      log.warn(
        `Only ${end.fewestReady} pods were Ready at one time, of ${promisedReady} that the strategy promises.`,
      )
    if (end.outcome === 'failed') {
      // Before anything else is done: a rollback takes the pods away, and their logs and events with them.
      const diagnosis = await diagnoseFailure(end, watch.state(deployment), record, { cluster, log, signal })
      if (diagnosis === undefined) return { ...change, end }
      return { ...change, end: { ...end, reason: diagnosis.sentence }, diagnosis }
    }
    const deployed = whatRuns(component, watch.state(deployment), end.revision)
    if (typeof deployed === 'string')
      return { ...change, end: { ...end, outcome: 'failed', reason: deployed } }
    return { ...change, end, ...(deployed !== undefined && { deployed }) }
  })
}

/** What the pods of a finished rollout really run; a sentence where they do not agree, undefined where there are none. */
function whatRuns(
  { deployment, container, to }: PlannedComponent,
  state: ComponentState | undefined,
  revision: string | undefined,
): DeployedComponent | string | undefined {
  if (state === undefined) return `Deployment "${deployment}" was deleted.`
  const content = contentOfPods(state, container, `: ${to} was moved while it was rolled out`)
  if (content === undefined || typeof content === 'string') return content
  return { deployment, container, image: to, ...content, ...(revision !== undefined && { revision }) }
}

/** How the components served that were rolled and have pods: whether the runbook's "Downtime: none" held. */
export function availabilityOf(rolled: readonly ComponentRollout[]): Availability[] {
  return rolled.flatMap(({ component: { deployment, replicas }, written, promisedReady, end }) =>
    written && end !== undefined && replicas > 0
      ? [{ deployment, fewestReady: end.fewestReady, promisedReady }]
      : [],
  )
}
