import type { Cluster } from '@runbook-actions/shared/cluster/cluster.ts'
import type { ComponentState } from '@runbook-actions/shared/cluster/component.ts'
import type { RolloutLimits } from '@runbook-actions/shared/cluster/follow-rollout.ts'
import { takeSnapshot } from '@runbook-actions/shared/cluster/snapshot.ts'
import { messageOf, UserError } from '@runbook-actions/shared/errors.ts'
import type { Clock, Logger } from '@runbook-actions/shared/ports.ts'
import type { DeployedComponent, DeploymentRecord } from '@runbook-actions/shared/record/schema.ts'
import { beginPhase } from '@runbook-actions/shared/record/phase-timer.ts'
import type { RecordStore } from '@runbook-actions/shared/record/store.ts'
import type { PhaseResult } from '@runbook-actions/shared/action/phase.ts'
import { rollComponent, runsAlready, type ComponentRollout } from './component-rollout.ts'
import { rolloutSummary } from './summary.ts'

export interface RolloutInputs {
  /** The record of this environment, with its plan. */
  readonly record: DeploymentRecord
  readonly limits: RolloutLimits
  readonly dryRun: boolean
}

export interface RolloutPorts {
  readonly cluster: Cluster
  readonly store: RecordStore
  readonly clock: Clock
  readonly log: Logger
  readonly signal: AbortSignal
}

/** How long the record may take to be saved after the run was cancelled: the runner ends the process soon after. */
const lastSaveMs = 3_000

/**
 * Rolls the planned images, component by component in the runbook's order. Each must be complete and settled before
 * the next one is touched; the first that cannot succeed ends the phase, and later components stay as they are.
 *
 * The record is saved before the first write and after each component, so that whoever comes next knows what was done.
 */
export async function rollout(inputs: RolloutInputs, ports: RolloutPorts): Promise<PhaseResult> {
  const { cluster, clock, log, signal } = ports
  const phase = beginPhase('rollout', clock)
  const rolled: ComponentRollout[] = []
  let { record } = inputs

  const finish = async (
    outcome: 'passed' | 'failed' | 'cancelled',
    reason: string,
    saveSignal = signal,
  ): Promise<PhaseResult> => {
    record = phase.end(record, { outcome, reason })
    if (!inputs.dryRun) await ports.store.save(record, saveSignal)
    const summary = rolloutSummary({ record, outcome, reason, rolled, dryRun: inputs.dryRun })
    return { outcome, reason, record, summary, ...(outcome !== 'passed' && { next: nextStep(rolled) }) }
  }

  try {
    const states = await cluster.components(
      record.plan.map(({ deployment }) => deployment),
      signal,
    )
    const changes = record.plan.some((component) => {
      const state = states.get(component.deployment)
      return state === undefined || !runsAlready(component, state)
    })
    if (changes && !inputs.dryRun) {
      record = await withSnapshot(record, [...states.values()], ports)
      await ports.store.save(record, signal)
    }
    const watch = await cluster.watch(signal)
    try {
      for (const component of record.plan) {
        const state = states.get(component.deployment)
        if (state === undefined) throw new UserError(`Deployment "${component.deployment}" is gone.`)
        const change = await rollComponent(component, state, { ...inputs, record }, { ...ports, watch })
        rolled.push(change)
        if (change.end?.outcome === 'failed') {
          return await finish('failed', `${component.deployment}: ${change.end.reason}`)
        }
        if (change.deployed !== undefined) record = withDeployed(record, change.deployed)
        if (!inputs.dryRun && change.written) await ports.store.save(record, signal)
      }
    } finally {
      watch.close()
    }
    return await finish('passed', passedReason(record, rolled, inputs.dryRun))
  } catch (error) {
    if (!signal.aborted) throw error
    log.warn(
      'Cancelled: nothing more is written. What has been rolled stays; Kubernetes finishes what it has begun.',
    )
    return finish('cancelled', `Cancelled: ${messageOf(signal.reason)}`, AbortSignal.timeout(lastSaveMs))
  }
}

/**
 * The record with the state before its first write. An unfinished attempt at the same version left its own: that is
 * the state to go back to, not what it made of it.
 */
async function withSnapshot(
  record: DeploymentRecord,
  states: readonly ComponentState[],
  { cluster, store, clock, signal }: RolloutPorts,
): Promise<DeploymentRecord> {
  const { latest } = await store.load(signal)
  const unfinished =
    latest?.version === record.version && !latest.phases.some(isValidated) ? latest.snapshot : undefined
  return { ...record, snapshot: unfinished ?? (await takeSnapshot(cluster, states, { clock, signal })) }
}

function isValidated({ phase, outcome }: DeploymentRecord['phases'][number]): boolean {
  return phase === 'validate' && outcome === 'passed'
}

function withDeployed(record: DeploymentRecord, deployed: DeployedComponent): DeploymentRecord {
  const others = record.deployed.filter(({ deployment }) => deployment !== deployed.deployment)
  return { ...record, deployed: [...others, deployed] }
}

function passedReason(
  record: DeploymentRecord,
  rolled: readonly ComponentRollout[],
  dryRun: boolean,
): string {
  const changed = rolled.filter(({ written }) => written).length
  if (dryRun)
    return `Dry run: ${record.version} would be rolled to ${record.environment}; nothing was changed.`
  if (changed === 0) return `${record.environment} runs ${record.version} already: nothing was changed.`
  return `${record.version} is rolled out to ${record.environment}: ${changed} of ${rolled.length} components changed.`
}

function nextStep(rolled: readonly ComponentRollout[]): string {
  return rolled.some(({ written }) => written)
    ? 'Go back by the commands in the summary, or mend the cause and run the job again: it continues where it stopped.'
    : 'Nothing was changed. Mend the cause and run the job again.'
}
