import { scaledComponents } from '@runbook-actions/shared/cluster/autoscaler.ts'
import type { Cluster } from '@runbook-actions/shared/cluster/cluster.ts'
import { planComponents } from '@runbook-actions/shared/cluster/plan-components.ts'
import { planDeployment } from '@runbook-actions/shared/cluster/plan-deployment.ts'
import { UserError } from '@runbook-actions/shared/errors.ts'
import type { Clock } from '@runbook-actions/shared/ports.ts'
import { recordFor } from '@runbook-actions/shared/record/open.ts'
import type { DeploymentRecord, Run } from '@runbook-actions/shared/record/schema.ts'
import type { RecordStore } from '@runbook-actions/shared/record/store.ts'
import type { ChangeClass } from '@runbook-actions/shared/runbook/classes.ts'
import type { Runbook } from '@runbook-actions/shared/runbook/schema.ts'
import { environmentOf } from '@runbook-actions/shared/runbook/environments.ts'

export interface RecordRequest {
  readonly runbook: Runbook
  /** The record that was handed on: of this environment, or of the one that it is deployed to next. */
  readonly source: DeploymentRecord | undefined
  readonly request: {
    readonly environment: string
    readonly version?: string | undefined
    readonly 'first-deployment-class'?: ChangeClass | undefined
    readonly components: readonly string[]
    readonly images: ReadonlyMap<string, string>
  }
  readonly run: Run
  readonly commit: string | undefined
}

interface Ports {
  readonly cluster: Cluster
  readonly store: RecordStore
  readonly clock: Clock
  readonly signal: AbortSignal
}

/**
 * The record that this rollout appends to. Handed on for this environment it is taken as it is; handed on for another
 * one (staging gets production's plan) the same release is planned for what runs here; without any, a new one is opened.
 *
 * @throws UserError where the release cannot be rolled by this action
 */
export async function environmentRecord(
  { runbook, source, request, run, commit }: RecordRequest,
  { cluster, store, clock, signal }: Ports,
): Promise<DeploymentRecord> {
  const { environment, images } = request
  const memory = await store.load(signal)
  const chosen = request.components.length > 0 || images.size > 0
  if (source?.environment === environment && !chosen) return refuseCanary(source)

  const states = await scaledComponents(
    cluster,
    runbook.components.map(({ deployment }) => deployment),
    signal,
  )
  if (source !== undefined) {
    const wanted = new Set(
      request.components.length > 0 ? request.components : source.plan.map(({ deployment }) => deployment),
    )
    const components = runbook.components.filter(({ deployment }) => wanted.has(deployment))
    const plan = planComponents(components, states, { version: source.version, overrides: images })
    const { namespace } = environmentOf(runbook, environment)
    const { knownGood } = memory
    const place = { environment, namespace, plan, ...(knownGood !== undefined && { from: knownGood }) }
    return recordFor(source, place, clock.now())
  }
  if (request.version === undefined) {
    throw new UserError(
      'There is neither a record nor a version: nothing says what to roll.',
      'Pass the output "record" of the preflight action, or the input "version" such as v1.2.3.',
    )
  }
  const asked = {
    ...request,
    firstDeploymentClass: request['first-deployment-class'],
    tag: request.version,
    tagPrefix: '',
    commit: commit ?? 'unknown',
    run,
  }
  return refuseCanary(planDeployment(runbook, asked, memory, states, clock.now()).record)
}

/** A canary is another way to production than this one; rolling all pods instead would be more than was approved. */
function refuseCanary(record: DeploymentRecord): DeploymentRecord {
  if (record.strategy === 'rolling') return record
  throw new UserError(
    `A ${record.class} change goes to ${record.environment} by a canary, and this action only rolls.`,
    `Set "changes.${record.class}.strategy: rolling" in the runbook file if that is what you want.`,
  )
}
