import type { PhaseResult } from '@runbook-actions/shared/action/phase.ts'
import { saveLast } from '@runbook-actions/shared/action/save-last.ts'
import { scaledComponents } from '@runbook-actions/shared/cluster/autoscaler.ts'
import type { ComponentState } from '@runbook-actions/shared/cluster/component.ts'
import { patienceOf } from '@runbook-actions/shared/cluster/hard-signal.ts'
import { giveBackAll, type GivenBack } from '@runbook-actions/shared/cluster/wake/held-components.ts'
import { explain } from '@runbook-actions/shared/cluster/explain.ts'
import { messageOf } from '@runbook-actions/shared/errors.ts'
import type { Sources } from '@runbook-actions/shared/gates/sources.ts'
import { readOffsets } from '@runbook-actions/shared/kafka/read-offsets.ts'
import type { Logger } from '@runbook-actions/shared/ports.ts'
import type { GateResult } from '@runbook-actions/shared/record/gate-result.ts'
import { offsetReceipt } from '@runbook-actions/shared/record/offset-receipt.ts'
import type { OffsetReceipt } from '@runbook-actions/shared/record/offsets.ts'
import type { Configuration } from '@runbook-actions/shared/record/configuration.ts'
import type { Migration } from '@runbook-actions/shared/record/migration.ts'
import { schemaGate, withSchemaOverride } from '@runbook-actions/shared/record/override.ts'
import { beginPhase } from '@runbook-actions/shared/record/phase-timer.ts'
import type { BadRelease } from '@runbook-actions/shared/record/release.ts'
import type {
  Approval,
  DeploymentRecord,
  GoingBackCause,
  KnownGood,
  Run,
} from '@runbook-actions/shared/record/schema.ts'
import type { RecordStore } from '@runbook-actions/shared/record/store.ts'
import { logGates } from '@runbook-actions/shared/report/gate-log.ts'
import type { Runbook } from '@runbook-actions/shared/runbook/schema.ts'
import { capture, captureWithinMs, type Captured } from './capture.ts'
import { foreignAmong, foreignSentence, lookAgain, type ForeignConfigMap } from './foreign-configuration.ts'
import { prove, type Proof } from './prove.ts'
import { canariesLeft, removeCanaries } from './remove-canary.ts'
import { restoredConfiguration } from './restored-configuration.ts'
import { restoreComponent, type ComponentRestored } from './restore.ts'
import { describePlan, isNothing, planRestore, type RestorePlan } from './restore-plan.ts'
import { schemaDecision } from './schema-gate.ts'
import { rollbackSummary, type RollbackOutcome } from './summary.ts'
import type { Target } from './target.ts'

export interface RollbackInputs {
  /** The file of the release that is gone back to, where it was recorded. */
  readonly runbook: Runbook
  /** The environment's latest deployment: what is taken back. */
  readonly record: DeploymentRecord
  readonly knownGood: KnownGood | undefined
  readonly target: Target
  /** The migrations of the database between the target and now. */
  readonly crossed: readonly Migration[]
  /** Releases whose migrations the team has declared to be backward-compatible. */
  readonly declared: readonly string[]
  /** Why to go back although the old code was not shown to run on the schema. */
  readonly schemaOverride: string | undefined
  /** Deployments; all of the target where it is empty. */
  readonly components: readonly string[]
  readonly reason: string
  /** Where the run that deployed goes back by itself. */
  readonly cause?: GoingBackCause
  /** Who let it, where somebody was asked. */
  readonly approval?: Approval
  readonly run: Run
  readonly dryRun: boolean
  /** The command that does the same from a terminal. */
  readonly command: string
}

export interface RollbackPorts {
  readonly sources: Sources
  readonly store: RecordStore
  /** Throws where the lock has ended; called right before each write. */
  readonly checkWrite: () => void
  readonly log: Logger
  readonly signal: AbortSignal
}

/**
 * Goes back to a recorded state: what is held awake is given back, then configuration, then the components, the last one that was rolled first, each
 * followed until no other pod is left; then it is shown that the pipeline is well again. Nothing is written that is as it
 * was already, so that a rollback can be repeated after it was interrupted anywhere.
 *
 * What cannot be got back ends it there: Kubernetes keeps the pods that serve, and nothing that still works is touched.
 */
export async function rollback(inputs: RollbackInputs, ports: RollbackPorts): Promise<PhaseResult> {
  const { runbook, target, components, reason: why, run, dryRun } = inputs
  const { sources, store, checkWrite, log, signal } = ports
  const { cluster, clock } = sources
  const phase = beginPhase('rollback', clock)
  const deadline = new Date(phase.startedAt.getTime() + runbook.rollback.within)
  const restored: ComponentRestored[] = []
  let plan: RestorePlan = { held: [], configMaps: [], canaries: [], steps: [] }
  let foreign: readonly ForeignConfigMap[] = []
  let woken: GivenBack = { sentences: [], left: [] }
  let evidence: readonly Captured[] = []
  let gates: readonly GateResult[] = []
  let record: DeploymentRecord = inputs.record
  let isBegun = false
  let isBack = false

  const end = (outcome: RollbackOutcome, what: string, next?: string): PhaseResult => {
    const reason = [what, ...woken.sentences].join(' ')
    record = phase.end(record, { outcome, reason, gates })
    const summary = rollbackSummary({
      ...inputs,
      record,
      outcome,
      reason,
      ...(next !== undefined && { next }),
      plan,
      foreign,
      woken,
      restored,
      gates,
      evidence,
    })
    return { outcome, reason, ...(next !== undefined && { next }), record, summary }
  }
  const saveEnd = (within: AbortSignal): Promise<void> =>
    store.saveRollback(
      record,
      {
        good: isBack ? goodAfter(inputs, restored, clock.now()) : undefined,
        bad: badMark(inputs, clock.now()),
      },
      within,
    )

  try {
    const names = target.state.deployments
      .map(({ deployment }) => deployment)
      .filter((name) => components.length === 0 || components.includes(name))
    const states = await scaledComponents(cluster, names, signal)
    plan = await planRestore(
      target.state,
      {
        only: components,
        woken: inputs.record.plan,
        place: inputs.record,
        restarts: restartsTakenBack(inputs),
      },
      states,
      cluster,
      signal,
    )
    foreign = foreignAmong(plan.configMaps, runbook)
    // What a rollback before this one has put back, without living to say so, is told now.
    const nothing = isNothing(plan) && !isUnfinished(inputs.record)
    for (const line of describePlan(plan)) log.info(line)
    const schema = schemaDecision({ ...inputs, override: inputs.schemaOverride ?? decidedBefore(record) })
    if (schema.do === 'freeze' && !nothing) return end('blocked', schema.reason, schema.next)
    if (schema.do === 'go-on' && schema.why !== undefined) log.info(schema.why)

    const captured = await captureAll(plan, inputs, ports)
    evidence = captured.evidence
    // One that was interrupted has read it nearer to what the release did.
    const receipt = captured.receipt ?? inputs.record.rollback?.receipt
    record = {
      ...withSchemaOverride(record, inputs.schemaOverride, run.actor, clock),
      rollback: {
        target: target.what,
        ...(target.version !== undefined && { version: target.version }),
        reason: why,
        ...(inputs.cause !== undefined && { cause: inputs.cause }),
        run,
        ...(inputs.approval !== undefined && { approval: inputs.approval }),
        at: phase.startedAt.toISOString(),
        ...(receipt !== undefined && { receipt }),
      },
    }
    const settings = nothing
      ? undefined
      : await restoredConfiguration(inputs.record, target.state, plan.steps, cluster, signal)
    if (!dryRun && !nothing) await store.save(record, signal)
    isBegun = !nothing

    // It had no pods of its own: those that were to be looked at go first.
    if (!dryRun) woken = await giveBackAll(plan.held, { ...ports, cluster })
    for (const place of plan.configMaps) {
      checkWrite()
      const done = await cluster.restoreConfigMap(place, signal)
      log.info(`configmap/${place.name} ${done === 'written' ? 'put back' : 'is as it was'}`)
    }
    for (const each of dryRun ? [] : foreign) log.warn(foreignSentence(each))
    const watch = await cluster.watch(signal)
    try {
      const limits = {
        ...patienceOf(runbook),
        deadlineMs: Math.max(0, deadline.getTime() - clock.now().getTime()),
        settleMs: 0,
      }
      const options = { record, target, reason: why, run, limits, dryRun }
      await removeCanaries(plan.canaries, dryRun, { ...ports, cluster })
      for (const step of plan.steps) {
        const done = await restoreComponent(step, options, { ...ports, cluster, clock, watch, checkWrite })
        restored.push(done)
        if (done.problem === undefined) continue
        const result = end(
          'rollback-failed',
          `${done.deployment} is not back: ${done.problem}`,
          'Kubernetes keeps the pods that serve. Mend the cause or name another target, then run the rollback again: it goes on where it stopped.',
        )
        if (!dryRun) await saveEnd(signal)
        return result
      }
      if (dryRun) return end('passed', dryReason(target, plan))
      isBack = true
      const left = await canariesLeft(plan.canaries, deadline, { watch, clock, signal })
      if (left !== undefined) {
        const result = end(
          'rollback-failed',
          left,
          'See why its pods do not end: kubectl describe pod. Then run the rollback again.',
        )
        await saveEnd(signal)
        return result
      }
      if (nothing)
        log.info(`Every component is as it was with ${target.what}: nothing is written, and it is looked at.`)
      const proof = await prove(
        {
          runbook,
          record: restoredRecord(record, inputs, restored, settings?.configuration),
          configurationBefore: settings?.before,
          deadline: nothing ? clock.now() : deadline,
        },
        { sources, watch, log, signal },
      )
      gates = proof.gates
      foreign = await lookAgain(foreign, { cluster, log, signal })
      logGates(gates, log)
      const result = end(...endOf(proof, target, nothing))
      // What went back before this one tells the end: books that could not be kept then are kept by its record.
      if (nothing && proof.how !== 'not-well') return { ...result, record: inputs.record }
      await saveEnd(signal)
      if (result.outcome === 'rolled-back') log.warn(backSentence(record))
      return result
    } finally {
      watch.close()
    }
  } catch (error) {
    if (!isBegun && !signal.aborted) throw error
    const reason = signal.aborted
      ? `Stopped (${messageOf(signal.reason)}): ${isBack ? 'every pod is back, and the metrics were not waited for' : standing(plan, restored)}.`
      : explain(error).message
    const result = end(
      signal.aborted ? 'cancelled' : 'rollback-failed',
      reason,
      'Run the rollback again: it goes on where it stopped.',
    )
    if (!dryRun && isBegun) await saveLast(saveEnd, log)
    return result
  }
}

/** By Deployment, what a configuration change set to have its pods made anew; nothing where what is gone back to set it. */
function restartsTakenBack({ record, target }: RollbackInputs): ReadonlyMap<string, string> {
  if (record.id === target.recordId) return new Map()
  return new Map(
    record.plan.flatMap(({ deployment, restartedAt }) =>
      restartedAt === undefined ? [] : [[deployment, restartedAt] as const],
    ),
  )
}

/** Whether a rollback of this deployment has begun and not ended well. */
function isUnfinished({ rollback: begun, phases }: DeploymentRecord): boolean {
  const last = phases.findLast(({ phase }) => phase !== 'finish')
  return begun !== undefined && !(last?.phase === 'rollback' && last.outcome === 'rolled-back')
}

/** A person's decision stands until the rollback that it was made for has ended. */
function decidedBefore(record: DeploymentRecord): string | undefined {
  return isUnfinished(record)
    ? record.overrides.findLast(({ gate }) => gate === schemaGate)?.reason
    : undefined
}

/** What is read before anything is written. */
interface Before {
  readonly evidence: readonly Captured[]
  readonly receipt: OffsetReceipt | undefined
}

/** What is not as it was is about to go: how it stands is read first, for the ticket and for tomorrow. */
async function captureAll(
  { canaries, steps }: RestorePlan,
  { record }: RollbackInputs,
  { sources, log, signal }: RollbackPorts,
): Promise<Before> {
  const changed = steps.filter(({ differences }) => differences.length > 0)
  const going = [...canaries.map(({ component, state }) => ({ deployment: component, state })), ...changed]
  if (going.length === 0) return { evidence: [], receipt: undefined }
  const states: readonly ComponentState[] = going.map(({ state }) => state)
  const [evidence, receipt] = await Promise.all([
    capture(states, sources.cluster, signal),
    receiptOf(record, new Set(going.map(({ deployment }) => deployment)), sources, signal),
  ])
  await log.group('What shows the cause, read before it is gone', () => {
    for (const { title, lines } of evidence) log.external([`# ${title}`, ...lines].join('\n'))
    return Promise.resolve()
  })
  return { evidence, receipt }
}

/** What the groups of these Deployments have committed since the deployment's first write. */
async function receiptOf(
  { offsets }: DeploymentRecord,
  deployments: ReadonlySet<string>,
  { lag }: Sources,
  signal: AbortSignal,
): Promise<OffsetReceipt> {
  const groups =
    offsets?.groups.filter((each) => each.deployments.some((name) => deployments.has(name))) ?? []
  const consumers = new Map(groups.map((each) => [each.group, each.deployments]))
  return offsetReceipt(offsets, await readOffsets(consumers, lag, captureWithinMs, signal), deployments)
}

/** The record as the gates are to see it: what was put back is what shall run. */
function restoredRecord(
  record: DeploymentRecord,
  { target }: RollbackInputs,
  restored: readonly ComponentRestored[],
  configuration: Configuration | undefined,
): DeploymentRecord {
  const deployed = restored.flatMap((each) => each.deployed ?? [])
  // Its own configuration is what is taken back.
  const { configuration: _, ...rest } = record
  const now = { ...rest, version: target.version ?? target.what, deployed }
  if (configuration === undefined) return now
  const isBack = ({ deployment }: { readonly deployment: string }): boolean =>
    restored.some((each) => each.deployment === deployment)
  return { ...now, configuration, plan: rest.plan.filter(isBack) }
}

function endOf(proof: Proof, { what }: Target, nothing: boolean): [RollbackOutcome, string, string?] {
  if (proof.how === 'not-well') {
    return [
      'rollback-failed',
      `Every pod is back on ${what}, and it is not well: ${proof.problem}`,
      'Look at what is still wrong: the release that was taken back may not be the cause.',
    ]
  }
  if (nothing) return ['passed', `Nothing to do: every pod runs ${what} already, checked by digest.`]
  const shown = {
    recovered: 'pods and metrics are well',
    recovering: 'pods are well, and the lag is falling',
    'not-shown': 'pods are well; the metrics do not show enough yet',
  }[proof.how]
  return ['rolled-back', `Back on ${what}: ${shown}.`]
}

/** How it stands, for whoever reads the annotations of a run that is red. */
function backSentence({ environment, version, rollback }: DeploymentRecord): string {
  return `${environment} is back on ${rollback?.version ?? rollback?.target ?? 'what ran before'}: ${version} was rolled back (${rollback?.reason ?? ''}).`
}

function dryReason({ what }: Target, plan: RestorePlan): string {
  const lines = describePlan(plan)
  if (lines.length === 0)
    return `Dry run: everything is as it was with ${what}: there would be nothing to do.`
  return `Dry run: would go back to ${what}: ${lines.join('; ')}.`
}

function standing({ steps }: RestorePlan, restored: readonly ComponentRestored[]): string {
  const done = restored.filter(({ problem }) => problem === undefined).map(({ deployment }) => deployment)
  const open = steps.map(({ deployment }) => deployment).filter((name) => !done.includes(name))
  return [
    ...(done.length > 0 ? [`back: ${done.join(', ')}`] : []),
    ...(open.length > 0 ? [`not back: ${open.join(', ')}`] : []),
  ].join('; ')
}

/**
 * What is good from now on. Undefined where only a part of the release set was put back, or what ran before has no record:
 * then nothing has been shown that could be called a release.
 */
function goodAfter(
  { target, knownGood, components }: RollbackInputs,
  restored: readonly ComponentRestored[],
  now: Date,
): KnownGood | undefined {
  if (components.length > 0 || (target.version === undefined && knownGood === undefined)) return undefined
  const deployed = restored.flatMap((each) => each.deployed ?? [])
  const names = new Set(deployed.map(({ deployment }) => deployment))
  const others = knownGood?.components.filter(({ deployment }) => !names.has(deployment)) ?? []
  const { version, commit, recordId } = target
  return {
    recordId,
    ...(version !== undefined && { version }),
    ...(commit !== undefined && { commit }),
    at: now.toISOString(),
    components: [...others, ...deployed],
  }
}

/** What must not be deployed again without a reason: what ran until now, unless that is what was gone back to. */
function badMark({ record, target, reason, run }: RollbackInputs, now: Date): BadRelease | undefined {
  if (record.version === target.version) return undefined
  return { version: record.version, recordId: record.id, reason, by: run.actor, at: now.toISOString() }
}
