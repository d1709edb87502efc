import { containerOf, revisionOf, type ComponentState } from '@runbook-actions/shared/cluster/component.ts'
import type { Cluster, ComponentWatch } from '@runbook-actions/shared/cluster/cluster.ts'
import {
  followRollout,
  type RolloutEnd,
  type RolloutLimits,
} from '@runbook-actions/shared/cluster/follow-rollout.ts'
import { runningDigests } from '@runbook-actions/shared/cluster/image.ts'
import type { Clock, Logger } from '@runbook-actions/shared/ports.ts'
import type {
  DeployedComponent,
  DeploymentRecord,
  PlannedComponent,
} from '@runbook-actions/shared/record/schema.ts'
import { deploymentMarks } from './marks.ts'

/** What became of one component. */
export interface ComponentRollout {
  readonly component: PlannedComponent
  /** Its revision before. */
  readonly before: string | undefined
  readonly written: boolean
  /** Absent in a dry run. */
  readonly end?: RolloutEnd
  readonly deployed?: DeployedComponent
}

/** What rolling one component needs to know of the whole. */
export interface RollOptions {
  readonly record: DeploymentRecord
  readonly limits: RolloutLimits
  readonly dryRun: boolean
}

export interface RollPorts {
  readonly cluster: Cluster
  readonly watch: ComponentWatch
  readonly clock: Clock
  readonly log: Logger
  readonly signal: AbortSignal
}

/**
 * Sets one component's image, unless it has it already, and follows its rollout to the end.
 *
 * @throws UserError where somebody else changed the Deployment meanwhile
 */
export async function rollComponent(
  component: PlannedComponent,
  state: ComponentState,
  { record, limits, dryRun }: RollOptions,
  { cluster, watch, clock, log, signal }: RollPorts,
): Promise<ComponentRollout> {
  const { deployment, container, to, strategy } = component
  return log.group(`${deployment}: ${component.from} → ${to}`, async () => {
    const since = clock.now()
    const before = revisionOf(state.deployment)
    const already = runsAlready(component, state)
    let generation = state.deployment.metadata?.generation ?? 0
    if (already) log.info(`${deployment} has ${to} already: nothing to write, but its pods are looked at.`)
    else {
      log.info(`${component.replicas} pods, ${strategy}.`)
      const write = { deployment, container, image: to, generation, ...deploymentMarks(record) }
      generation = (await cluster.setImage(write, signal)).metadata?.generation ?? generation
      log.info(`deployment.apps/${deployment} image updated${dryRun ? ' (server dry run)' : ''}`)
    }
    const change = { component, before, written: !already && !dryRun }
    if (dryRun) return change

    const end = await followRollout(watch, deployment, { since, generation, limits, clock, log, signal })
    for (const line of end.evidence) log.info(line)
    if (end.outcome === 'failed') return { ...change, end }
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
  const [first, ...others] = [...runningDigests(state, container)]
  if (first === undefined) return undefined
  const [digest, pods] = first
  if (digest === undefined) return 'A pod is Ready whose node does not report which image it runs.'
  if (others.length > 0) {
    return `Its pods run ${others.length + 1} different images: ${to} was moved while it was rolled out.`
  }
  return { deployment, container, image: to, digest, ...(revision !== undefined && { revision }), pods }
}

/** Whether the pod template has the planned image: then there is nothing to write. */
export function runsAlready({ container, to }: PlannedComponent, state: ComponentState): boolean {
  return containerOf(state.deployment, container)?.image === to
}
