import type { PhaseResult } from '@runbook-actions/shared/action/phase.ts'
import { saveLast } from '@runbook-actions/shared/action/save-last.ts'
import { patienceOf } from '@runbook-actions/shared/cluster/hard-signal.ts'
import { LockEnded } from '@runbook-actions/shared/cluster/lock.ts'
import { worst } from '@runbook-actions/shared/decide/verdict.ts'
import {
  decideWatch,
  newWatch,
  type WatchDecision,
  type WatchState,
} from '@runbook-actions/shared/decide/watch.ts'
import { messageOf, UserError } from '@runbook-actions/shared/errors.ts'
import { runGates, type Gate } from '@runbook-actions/shared/gates/gate.ts'
import type { Sources } from '@runbook-actions/shared/gates/sources.ts'
import type { Logger } from '@runbook-actions/shared/ports.ts'
import { lastPhase } from '@runbook-actions/shared/record/append.ts'
import type { GateResult } from '@runbook-actions/shared/record/gate-result.ts'
import { goesBack } from '@runbook-actions/shared/record/going-back.ts'
import { beginPhase } from '@runbook-actions/shared/record/phase-timer.ts'
import type { DeploymentRecord, WatchStage } from '@runbook-actions/shared/record/schema.ts'
import type { RecordStore } from '@runbook-actions/shared/record/store.ts'
import { troublesOf, watchStateOf } from '@runbook-actions/shared/record/watch.ts'
import { rollbackFollows } from '@runbook-actions/shared/report/goes-back.ts'
import { formatTime } from '@runbook-actions/shared/report/numbers.ts'
import type { Runbook } from '@runbook-actions/shared/runbook/schema.ts'
import { watchTimeMs } from '@runbook-actions/shared/runbook/watch-time.ts'
import { saveEnd } from './known-good.ts'
import { lookForAlarm, type AlarmMemory } from './watch-alarm.ts'
import { logLook } from './watch-log.ts'
import { watchSummary } from './watch-summary.ts'

export interface WatchInputs {
  readonly runbook: Runbook
  readonly record: DeploymentRecord
  readonly stage: WatchStage
  /** What is asked at each look. */
  readonly gates: readonly Gate[]
  /** Looks once and keeps nothing. */
  readonly dryRun: boolean
}

export interface WatchPorts {
  readonly sources: Sources
  readonly store: RecordStore
  readonly log: Logger
  /** Brings the ticket up to date. Never rejects: no ticket is worth a watch. */
  readonly tell: (record: DeploymentRecord) => Promise<void>
  readonly signal: AbortSignal
}

/** How often the record is saved while nothing changes, so that another process can go on from it. */
const saveEveryMs = 60_000

/**
 * Watches a release from the end of its rollout on: asks the gates of the stage again and again, and listens to
 * Kubernetes in between. Ends as `decideWatch` says. A watch that the record has begun already goes on where it was.
 *
 * @throws UserError where the record has no rollout, or another deployment came since
 */
export async function watch(
  { runbook, record, stage, gates: asked, dryRun }: WatchInputs,
  ports: WatchPorts,
): Promise<PhaseResult> {
  const { sources, store, log, signal } = ports
  const { cluster, clock } = sources
  const phase = beginPhase(stage, clock)
  const since = rolledOutAt(record)
  const { latest } = await store.load(signal)
  const kept = latest?.id === record.id ? latest : record
  const begun = kept.watch?.stage === stage ? kept.watch : undefined
  const until = untilWhen(kept, stage, since, runbook, clock.now())
  const timeZone = runbook.window.timeZone
  let state: WatchState = begun === undefined ? newWatch : watchStateOf(begun)
  let gates: readonly GateResult[] = begun?.gates ?? []
  let memory: AlarmMemory = new Map()
  let progress = record
  const stored = progressKeeper(runbook, ports)

  const end = async (decision: Ended, evidence: readonly string[] = []): Promise<PhaseResult> => {
    const { outcome } = decision
    const verdict = worst(gates.map((gate) => gate.verdict))
    const reason = decision.reason === '' ? passedReason(record, stage) : decision.reason
    const { watch: _, ...rest } = record
    const troubles = troublesOf(state)
    const ended = phase.end(rest, { outcome, verdict, reason, gates, troubles })
    const isGoingBack = goesBack(ended, runbook)
    for (const line of evidence) log.info(line)
    if (!dryRun) await saveEnd(ended, runbook, { ...sources, store }, signal)
    return {
      outcome,
      reason,
      ...(outcome !== 'passed' && { next: nextStep(outcome, isGoingBack) }),
      record: ended,
      summary: watchSummary({
        record: ended,
        stage,
        outcome,
        isGoingBack,
        reason,
        gates,
        troubles,
        until,
        timeZone,
        evidence,
      }),
    }
  }

  log.info(
    `Watching ${record.version} in ${record.environment} until ${formatTime(until, timeZone)}${begun === undefined ? '' : ': going on with a watch that was begun before'}.`,
  )
  const components = await cluster.watch(signal)
  try {
    let lookAt = clock.now()
    for (;;) {
      signal.throwIfAborted()
      const {
        alarm,
        memory: seen,
        nextAt,
      } = lookForAlarm(record.deployed, components, memory, patienceOf(runbook), clock.now())
      memory = seen
      if (alarm?.kind === 'hard-signal')
        return await end({ outcome: 'triggered', reason: alarm.reason }, alarm.evidence)
      if (alarm !== undefined) return await end({ outcome: 'held', reason: alarm.reason })

      if (clock.now() >= lookAt) {
        const at = clock.now()
        const context = { ...sources, runbook, record, occasion: stage, since }
        const answers = await runGates(asked, context, signal)
        logLook(answers, gates, at, log)
        gates = answers
        const look = decideWatch(state, answers, clock.now().getTime(), {
          until: until.getTime(),
          holdMs: runbook.watch.hold,
        })
        state = look.state
        if (look.decision.do === 'end') return await end(look.decision)
        if (dryRun) return await end({ outcome: 'passed', reason: dryReason(record, stage, answers) })
        progress = {
          ...record,
          watch: {
            stage,
            since: since.toISOString(),
            until: until.toISOString(),
            lookedAt: at.toISOString(),
            troubles: troublesOf(state),
            gates: [...answers],
          },
        }
        await stored.save(progress)
        lookAt = nextLook(at, clock.now(), until, runbook.watch.every)
      }
      await components.next(nextAt !== undefined && nextAt < lookAt ? nextAt : lookAt, signal)
    }
  } catch (error) {
    if (!signal.aborted) throw error
    return await cancelled(error)
  } finally {
    components.close()
  }

  async function cancelled(error: unknown): Promise<PhaseResult> {
    const reason = `Stopped (${messageOf(signal.reason ?? error)}): ${record.version} runs in ${record.environment}, and was not watched to the end.`
    const troubles = troublesOf(state)
    const ended = phase.end(progress, { outcome: 'cancelled', reason, gates, troubles })
    const isGoingBack = goesBack(ended, runbook)
    if (!dryRun) await saveLast((soon) => saveEnd(ended, runbook, { ...sources, store }, soon), log)
    const next = nextStep('cancelled', isGoingBack)
    const summary = watchSummary({
      record: ended,
      stage,
      outcome: 'cancelled',
      isGoingBack,
      reason,
      gates,
      troubles,
      until,
      timeZone,
      evidence: [],
    })
    return { outcome: 'cancelled', reason, next, record: ended, summary }
  }
}

type Ended = Pick<Extract<WatchDecision, { do: 'end' }>, 'outcome' | 'reason'>

/** Keeps the record and the ticket up to date, at once where a verdict has changed, else now and then. */
function progressKeeper(runbook: Runbook, { sources: { clock }, store, log, tell, signal }: WatchPorts) {
  let saved = { at: 0, verdicts: '' }
  let told = { at: 0, verdicts: '' }
  return {
    async save(record: DeploymentRecord): Promise<void> {
      const now = clock.now().getTime()
      const verdicts = record.watch?.gates.map(({ gate, verdict }) => `${gate} ${verdict}`).join() ?? ''
      if (verdicts !== saved.verdicts || now - saved.at >= saveEveryMs) {
        try {
          await store.save(record, signal)
          saved = { at: now, verdicts }
        } catch (error) {
          // That somebody else deploys now must end the watch; that the API server is away for a moment must not.
          if (signal.aborted || error instanceof UserError || error instanceof LockEnded) throw error
          log.warn(`How far the watch has come could not be saved: ${messageOf(error)}`)
        }
      }
      const isNews = verdicts !== told.verdicts && now - told.at >= runbook.watch.every
      if (isNews || now - told.at >= runbook.ticket.updateEvery) {
        await tell(record)
        told = { at: now, verdicts }
      }
    },
  }
}

/** The end of the watch is looked at exactly then, not at the next look after it. */
function nextLook(at: Date, now: Date, until: Date, everyMs: number): Date {
  const next = new Date(Math.max(at.getTime() + everyMs, now.getTime()))
  return at < until && next > until ? new Date(Math.max(until.getTime(), now.getTime())) : next
}

/**
 * The stage's time counts from the rollout. Where it ended badly before, a person has decided to watch on: then it takes
 * one hold at the least, however long ago that was.
 */
function untilWhen(
  kept: DeploymentRecord,
  stage: WatchStage,
  since: Date,
  runbook: Runbook,
  now: Date,
): Date {
  const isRepeated = lastPhase(kept, stage) !== undefined && kept.watch?.stage !== stage
  const least = isRepeated ? now.getTime() + runbook.watch.hold : 0
  return new Date(Math.max(since.getTime() + watchTimeMs(runbook, stage, kept), least))
}

function rolledOutAt(record: DeploymentRecord): Date {
  const rolled = lastPhase(record, 'rollout')
  if (rolled?.outcome === 'passed') return new Date(rolled.endedAt)
  throw new UserError(
    `${record.version} was not rolled out to ${record.environment}: there is nothing to watch.`,
    'Pass the output "record" of the validation after the rollout.',
  )
}

function passedReason({ version, environment }: DeploymentRecord, stage: WatchStage): string {
  const what = stage === 'soak' ? 'has soaked' : `was watched (${stage} metrics)`
  return `${version} ${what} in ${environment}, and every limit held.`
}

function dryReason({ version }: DeploymentRecord, stage: WatchStage, answers: readonly GateResult[]): string {
  return `Dry run: looked once at ${answers.length} gates; a real run would watch ${version} on (${stage}).`
}

function nextStep(outcome: PhaseResult['outcome'], isGoingBack: boolean): string {
  if (isGoingBack) return rollbackFollows
  switch (outcome) {
    case 'triggered':
      return 'Mend the cause and tag a new version.'
    case 'cancelled':
      return 'Run the job again to go on watching, or go back by the workflow Rollback.'
    default:
      return 'Decide: go back by the workflow Rollback, or mend the cause and run the job again to watch it on.'
  }
}
