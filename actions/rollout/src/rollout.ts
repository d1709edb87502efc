import type { Cluster } from '@runbook-actions/shared/cluster/cluster.ts'
import type { ComponentState } from '@runbook-actions/shared/cluster/component.ts'
import type { ConfigurationSource } from '@runbook-actions/shared/cluster/configuration/source.ts'
import type { RolloutLimits } from '@runbook-actions/shared/cluster/follow-rollout.ts'
import type { ConsumerLag } from '@runbook-actions/shared/kafka/consumer-lag.ts'
import { readOffsets } from '@runbook-actions/shared/kafka/read-offsets.ts'
import type { Manifest } from '@runbook-actions/shared/cluster/manifest/read-manifest.ts'
import { describeHeld, giveBackAll, heldLast } from '@runbook-actions/shared/cluster/wake/held-components.ts'
import { takeSnapshot } from '@runbook-actions/shared/cluster/snapshot.ts'
import { runsAlready, runsExactly } from '@runbook-actions/shared/cluster/what-runs.ts'
import type { Verdict } from '@runbook-actions/shared/decide/verdict.ts'
import { UserError } from '@runbook-actions/shared/errors.ts'
import type { Clock, Logger } from '@runbook-actions/shared/ports.ts'
import { asTold } from '@runbook-actions/shared/record/as-told.ts'
import { inheritedMigrations } from '@runbook-actions/shared/record/crossed-migrations.ts'
import type { DeployedComponent, DeploymentRecord } from '@runbook-actions/shared/record/schema.ts'
import { goesBack, isTakenBack } from '@runbook-actions/shared/record/going-back.ts'
import { sleepersOf, type Sleeper } from '@runbook-actions/shared/record/sleeper.ts'
import { beginPhase } from '@runbook-actions/shared/record/phase-timer.ts'
import type { GateResult } from '@runbook-actions/shared/record/gate-result.ts'
import type { RecordStore } from '@runbook-actions/shared/record/store.ts'
import { consumersByGroup } from '@runbook-actions/shared/runbook/consumer-groups.ts'
import type { Runbook } from '@runbook-actions/shared/runbook/schema.ts'
import type { PhaseResult } from '@runbook-actions/shared/action/phase.ts'
import { saveLast } from '@runbook-actions/shared/action/save-last.ts'
import { applyConfiguration } from './apply-configuration.ts'
import { askBeforeFirstWrite } from './first-write.ts'
import { availabilityOf, rollComponent, type ComponentRollout } from './component-rollout.ts'
import { broken, cancelled, changedSince, nextStep } from './stopped.ts'
import { rolloutSummary, type RolloutOutcome } from './summary.ts'
import { askWindowAgain } from './window.ts'

export interface RolloutInputs {
  readonly runbook: Runbook
  /** The record of this environment, with its plan. */
  readonly record: DeploymentRecord
  /** By Deployment; of components without one only the image is set. */
  readonly manifests?: ReadonlyMap<string, Manifest>
  /** Where a configuration change takes its values from. */
  readonly configuration?: ConfigurationSource
  readonly limits: RolloutLimits
  readonly dryRun: boolean
}

export interface RolloutPorts {
  readonly cluster: Cluster
  readonly store: RecordStore
  /** Where the consumer groups stand. */
  readonly lag: Pick<ConsumerLag, 'source' | 'read'>
  /** Throws where the lock has ended; called right before each write of a Deployment. */
  readonly checkWrite: () => void
  readonly clock: Clock
  readonly log: Logger
  readonly signal: AbortSignal
}

/**
 * Rolls the planned images, component by component in the runbook's order. Each must be complete and settled before
 * the next one is touched; the first that cannot succeed ends the phase, and later components stay as they are.
 *
 * The record is saved before the first write and after each component, so that whoever comes next knows what was done.
 * What is woken is held until the validation gives it back; a rollout that fails gives it back itself.
 * Where the deployment window has closed since preflight, or there is no room for new pods, nothing is written, neither to
 * the cluster nor to its record.
 */
export async function rollout(inputs: RolloutInputs, ports: RolloutPorts): Promise<PhaseResult> {
  const { cluster, clock, log, signal } = ports
  const phase = beginPhase('rollout', clock)
  const rolled: ComponentRollout[] = []
  const gates: GateResult[] = []
  /** Deployments that may differ from the snapshot: rolled now, or by an attempt before this one. */
  const changed = new Set<string>()
  /** Components that are held awake still, where nothing follows that gives them back. */
  let held: readonly Sleeper[] = []
  let { record } = inputs

  const end = (outcome: RolloutOutcome, reason: string, verdict?: Verdict): PhaseResult => {
    const diagnosis = rolled.at(-1)?.diagnosis
    record = phase.end(record, {
      outcome,
      ...(verdict !== undefined && { verdict }),
      reason,
      gates,
      availability: availabilityOf(rolled),
      ...(diagnosis !== undefined && { diagnosis }),
    })
    const { runbook, dryRun } = inputs
    const isGoingBack = goesBack(record, runbook)
    const story = { record: asTold(record), outcome, reason, rolled, changed, held, isGoingBack, dryRun }
    const summary = rolloutSummary({
      ...story,
      ...(runbook.document !== undefined && { document: runbook.document }),
    })
    return {
      outcome,
      reason,
      record,
      summary,
      ...(outcome !== 'passed' && { next: nextStep(changed, isGoingBack) }),
    }
  }
  const save = async (): Promise<void> => {
    if (!inputs.dryRun) await ports.store.save(record, signal)
  }
  /** Nothing follows that would give back what is held. */
  const giveBack = async (): Promise<readonly string[]> => {
    const given = await giveBackAll(inputs.dryRun ? [] : sleepersOf(record.plan), ports)
    held = given.left
    return given.sentences
  }
  const fail = async (why: string): Promise<string> => [why, ...(await giveBack())].join(' ')
  /** Who is cancelled writes nothing more: what is held is named, and its re-run or a rollback gives it back. */
  const leave = async (why: string): Promise<string> => {
    held = await heldLast(sleepersOf(record.plan), cluster, log)
    return held.length === 0 ? why : `${why} Held awake still: ${describeHeld(held)}.`
  }
  const finish = async (outcome: RolloutOutcome, reason: string, verdict?: Verdict): Promise<PhaseResult> => {
    const result = end(outcome, reason, verdict)
    await save()
    return result
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
    const firstWrite = changes ? await askBeforeFirstWrite({ ...inputs, record }, ports) : undefined
    gates.push(...(firstWrite?.gates ?? []))
    const blocked = firstWrite?.blocked
    if (blocked !== undefined && !inputs.dryRun) return end('blocked', blocked)
    if (!inputs.dryRun) {
      record = await withSnapshot({ ...inputs, record }, states, changes, ports)
      for (const name of changedSince(record, states)) changed.add(name)
      if (changes) await save()
    }
    if (record.configuration !== undefined && changes) {
      await applyConfiguration(record.configuration, inputs.configuration, ports)
      // A pod that restarts by itself reads it now.
      if (!inputs.dryRun) for (const { deployment } of record.plan) changed.add(deployment)
    }
    const watch = await cluster.watch(signal)
    const writes = (name: string): void => {
      ports.checkWrite()
      if (!inputs.dryRun) changed.add(name)
    }
    const rolling = { ...ports, watch, writes }
    try {
      for (const component of record.plan) {
        const state = states.get(component.deployment)
        if (state === undefined) throw new UserError(`Deployment "${component.deployment}" is gone.`)
        if (rolled.some(({ written }) => written) && !runsAlready(component, state)) {
          const window = await askWindowAgain(inputs.runbook, record, ports)
          if (window?.verdict === 'warn') gates.push(window)
        }
        const change = await rollComponent(component, state, { ...inputs, record }, rolling)
        rolled.push(change)
        if (change.end?.outcome === 'failed') {
          const reason = await fail(`${component.deployment}: ${change.end.reason}`)
          return await finish('failed', reason, 'fail')
        }
        if (change.deployed !== undefined) record = withDeployed(record, change.deployed)
        if (change.written) await save()
      }
    } finally {
      watch.close()
    }
    if (blocked !== undefined)
      return await finish('blocked', `Dry run: a real one would be blocked. ${blocked}`)
    return await finish('passed', passedReason(asTold(record), rolled, inputs.dryRun))
  } catch (error) {
    const begun = record.snapshot !== undefined
    if (!signal.aborted && !begun) {
      await giveBack()
      throw error
    }
    const stopped = signal.aborted ? cancelled(signal.reason, record, rolled, changed) : broken(error)
    log.warn(stopped.warning)
    const reason = signal.aborted ? await leave(stopped.reason) : await fail(stopped.reason)
    const result = end(stopped.outcome, reason, stopped.verdict)
    // Where nothing was begun, the record of what runs is still that of the deployment before.
    if (begun && !inputs.dryRun) await saveLast((soon) => ports.store.save(record, soon), log)
    return result
  }
}

/** A deployment waits no longer for what only a rollback needs. */
const offsetsWithinMs = 30_000

/**
 * The record with the state to go back to, and with the offsets that were committed by then, as it stands before the first
 * write. Where a deployment before this one did not end well, that is what it kept, not what it made of it; the same of a
 * configuration change, whose pods may all run the good release while its ConfigMap says something else. Where nothing is left
 * to write, an attempt at the same version has written it, and what that kept is it.
 */
async function withSnapshot(
  { record, runbook }: Pick<RolloutInputs, 'record' | 'runbook'>,
  states: ReadonlyMap<string, ComponentState>,
  changes: boolean,
  { cluster, store, lag, clock, signal }: RolloutPorts,
): Promise<DeploymentRecord> {
  const { latest, knownGood } = await store.load(signal)
  if (!changes) {
    return { ...record, ...(latest?.version === record.version && keptBy(latest)) }
  }
  const migrations = inheritedMigrations(latest, knownGood?.recordId)
  const carried = { ...record, ...(migrations.length > 0 && { migrations }) }
  const isReconfigured = latest?.configuration !== undefined && !isTakenBack(latest)
  const standsOnGood = knownGood !== undefined && !isReconfigured && runsExactly(knownGood, states.values())
  // What the good release itself kept is what ran before it.
  const isBad = latest !== undefined && latest.id !== knownGood?.recordId
  if (!standsOnGood && isBad && latest.snapshot !== undefined) return { ...carried, ...keptBy(latest) }
  const [snapshot, offsets] = await Promise.all([
    takeSnapshot(cluster, states.values(), { clock, signal }),
    readOffsets(consumersByGroup(runbook, record.environment), lag, offsetsWithinMs, signal),
  ])
  return { ...carried, snapshot, offsets }
}

/** What an earlier deployment has kept of the time before it. */
function keptBy({ snapshot, offsets }: DeploymentRecord): Pick<DeploymentRecord, 'snapshot' | 'offsets'> {
  return { ...(snapshot !== undefined && { snapshot }), ...(offsets !== undefined && { offsets }) }
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
  const woken = sleepersOf(rolled.filter(({ isWoken }) => isWoken).map(({ component }) => component))
  const held = woken.length === 0 ? '' : ` Held awake for the validation: ${describeHeld(woken)}.`
  if (changed === 0)
    return `${record.environment} runs ${record.version} already: nothing was changed.${held}`
  return `${record.version} is rolled out to ${record.environment}: ${changed} of ${rolled.length} components changed.${held}`
}
