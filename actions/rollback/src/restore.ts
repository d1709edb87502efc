import type { Cluster, ComponentWatch } from '@runbook-actions/shared/cluster/cluster.ts'
import { containersOf, type ComponentState } from '@runbook-actions/shared/cluster/component.ts'
import {
  followRollout,
  type RolloutEnd,
  type RolloutLimits,
} from '@runbook-actions/shared/cluster/follow-rollout.ts'
import { contentOfPods } from '@runbook-actions/shared/cluster/image.ts'
import { pinnedTemplate, restarted } from '@runbook-actions/shared/cluster/restore/wanted-deployment.ts'
import type { Clock, Logger } from '@runbook-actions/shared/ports.ts'
import type { DeployedComponent, DeploymentRecord, Run } from '@runbook-actions/shared/record/schema.ts'
import type { RestoreStep } from './restore-plan.ts'
import type { Target } from './target.ts'

/** What became of one component. */
export interface ComponentRestored {
  readonly deployment: string
  readonly written: boolean
  /** Absent in a dry run. */
  readonly end?: RolloutEnd
  /** Why it is not back; absent where it is. */
  readonly problem?: string
  /** What its pods run now; absent where it has none, or where they do not agree. */
  readonly deployed?: DeployedComponent
}

export interface RestoreOptions {
  readonly record: DeploymentRecord
  readonly target: Target
  readonly reason: string
  readonly run: Run
  readonly limits: RolloutLimits
  readonly dryRun: boolean
}

export interface RestorePorts {
  readonly cluster: Cluster
  readonly watch: ComponentWatch
  /** Throws where the lock has ended. */
  readonly checkWrite: () => void
  readonly clock: Clock
  readonly log: Logger
  readonly signal: AbortSignal
}

/**
 * Puts one component back, unless it is so already, and follows it until every pod runs what ran before and no other is
 * left.
 *
 * @throws UserError where others keep changing the Deployment
 */
export async function restoreComponent(
  step: RestoreStep,
  options: RestoreOptions,
  { cluster, watch, checkWrite, clock, log, signal }: RestorePorts,
): Promise<ComponentRestored> {
  const { deployment, snapshot, state } = step
  return log.group(`${deployment}: back to ${options.target.what}`, async () => {
    const since = clock.now()
    const needsWrite = step.differences.length > 0 || step.replicas !== undefined
    let generation = state.deployment.metadata?.generation ?? 0
    if (needsWrite) {
      for (const difference of step.differences) log.info(`${deployment}: ${difference}.`)
      checkWrite()
      // Where only replicas are missing, the pods that run stay as they are.
      const isSame = step.differences.length === 0
      const template = isSame ? { ...state.deployment.spec?.template } : pinnedTemplate(snapshot)
      const written = await cluster.restoreDeployment(
        {
          deployment,
          template: step.restarts ? restarted(template, since) : template,
          ...(step.replicas !== undefined && { replicas: step.replicas }),
          ...marksOf(step, options),
        },
        signal,
      )
      generation = written.metadata?.generation ?? generation
      log.info(`deployment.apps/${deployment} rolled back${options.dryRun ? ' (server dry run)' : ''}`)
    } else log.info(`${deployment} is as it was: nothing to write, but its pods are looked at.`)
    if (options.dryRun) return { deployment, written: false }

    const end = await followRollout(watch, deployment, {
      since,
      generation,
      limits: options.limits,
      clock,
      log,
      signal,
    })
    for (const line of end.evidence) log.info(line)
    if (end.outcome === 'failed') return { deployment, written: needsWrite, end, problem: end.reason }
    const ran = whatRuns(step, options.record, watch.state(deployment), end.revision)
    if (typeof ran === 'string') return { deployment, written: needsWrite, end, problem: ran }
    return { deployment, written: needsWrite, end, ...(ran !== undefined && { deployed: ran }) }
  })
}

/** What the Deployment says of who went back: the cause of its old revision, and beside it ours. */
function marksOf({ snapshot }: RestoreStep, { record, target, reason, run }: RestoreOptions) {
  const version = target.version
  return {
    annotations: {
      ...snapshot.annotations,
      'runbook-actions.io/rolled-back-from': record.version,
      'runbook-actions.io/rolled-back-because': reason,
      'runbook-actions.io/rolled-back-by': `${run.actor}, run ${run.url}`,
    },
    labels: {
      'runbook-actions.io/run': `${run.id}-${run.attempt}`,
      ...(version !== undefined && { 'runbook-actions.io/version': version }),
    },
    dropLabels: version === undefined ? ['runbook-actions.io/version'] : [],
  }
}

/** What the pods really run; a sentence where that is not what ran before, undefined where there are none. */
function whatRuns(
  { deployment, snapshot }: RestoreStep,
  { plan }: DeploymentRecord,
  state: ComponentState | undefined,
  revision: string | undefined,
): DeployedComponent | string | undefined {
  if (state === undefined) return `Deployment "${deployment}" was deleted.`
  const planned = plan.find((each) => each.deployment === deployment)?.container
  const containers = containersOf(state.deployment)
  const container = containers.find(({ name }) => name === planned) ?? containers[0]
  if (container?.image === undefined) return `Deployment "${deployment}" has no container.`
  const expected = snapshot.digests[container.name] ?? []
  const content = contentOfPods(state, container.name)
  if (content === undefined || typeof content === 'string') return content
  const { digest } = content
  if (expected.length > 0 && !expected.includes(digest))
    return `Its pods run ${digest}, which is not what ran before: the tag was moved.`
  return {
    deployment,
    container: container.name,
    image: container.image,
    ...content,
    ...(revision !== undefined && { revision }),
  }
}
