import { lockedPhase } from '@runbook-actions/shared/action/locked-phase.ts'
import type { PhaseResult } from '@runbook-actions/shared/action/phase.ts'
import type { ComponentState } from '@runbook-actions/shared/cluster/component.ts'
import { heldAwake } from '@runbook-actions/shared/cluster/wake/held-components.ts'
import { runsAlready } from '@runbook-actions/shared/cluster/what-runs.ts'
import { runGates } from '@runbook-actions/shared/gates/gate.ts'
import { ownership } from '@runbook-actions/shared/gates/ownership.ts'
import { unchangedSincePlan } from '@runbook-actions/shared/gates/unchanged-since-plan.ts'
import type { GateResult } from '@runbook-actions/shared/record/gate-result.ts'
import { goesBack } from '@runbook-actions/shared/record/going-back.ts'
import { lastPhase } from '@runbook-actions/shared/record/append.ts'
import { beginPhase } from '@runbook-actions/shared/record/phase-timer.ts'
import type { DeploymentRecord, Run } from '@runbook-actions/shared/record/schema.ts'
import { sleepersOf } from '@runbook-actions/shared/record/sleeper.ts'
import { logGates } from '@runbook-actions/shared/report/gate-log.ts'
import { rollbackFollows } from '@runbook-actions/shared/report/goes-back.ts'
import { inline } from '@runbook-actions/shared/report/markdown.ts'
import { isLastEnvironment } from '@runbook-actions/shared/runbook/environments.ts'
import { decideResume, twoWays, type Freeze, type JobEnd, type ResumeDecision } from './decide-resume.ts'
import { askBeforeFirstWrite, blockedBy } from './first-write.ts'
import { goBackCommands } from './go-back.ts'
import type { LockedPorts } from './locked.ts'
import { frozenSummary, goesOnSummary, type ResumeStory } from './resume-summary.ts'
import { rollout, type RolloutInputs, type RolloutPorts } from './rollout.ts'
import { standingOf, standingSentence } from './standing.ts'
import { changedSince } from './stopped.ts'

export interface ResumeInputs extends RolloutInputs {
  /** How the job ended that is continued. */
  readonly after: JobEnd
  /** Who asks. */
  readonly run: Run
}

/**
 * Continues a rollout whose job ended without a word, from the record in the environment's cluster; or freezes it, and
 * says how the environment stands and what the ways out are. The lock of the dead job is taken over when its lease has
 * ended; a job that still works, because only GitHub has lost it, is asked to stop first.
 */
export async function resume(inputs: ResumeInputs, ports: LockedPorts): Promise<PhaseResult> {
  const resuming = new Resuming(inputs, ports)
  const decision = await resuming.decide()
  const isOurs = decision.do === 'roll' || (decision.do === 'freeze' && decision.lock === 'ours')
  if (!isOurs || inputs.dryRun) return resuming.carryOut(decision, { ...ports, checkWrite: () => undefined })
  return lockedPhase(
    ports,
    // Decided anew: who was asked to stop may have come further.
    async (locked) => resuming.carryOut(await resuming.decide(), { ...ports, ...locked }),
    {
      // What stands half-way is left to nobody else, where versions are not only tried.
      isOver: ({ record }) => !isLastEnvironment(inputs.runbook, record.environment),
      stopped: (error) =>
        resuming.freeze(decision.record, {
          outcome: 'held',
          reason: error.message,
          next: error.next ?? '',
          lock: 'theirs',
        }),
    },
  )
}

class Resuming {
  readonly #inputs: ResumeInputs
  readonly #ports: LockedPorts
  readonly #phase: ReturnType<typeof beginPhase>

  constructor(inputs: ResumeInputs, ports: LockedPorts) {
    this.#inputs = inputs
    this.#ports = ports
    this.#phase = beginPhase('resume', ports.clock)
  }

  async decide(): Promise<ResumeDecision> {
    const { after, run, record: handedOn, runbook } = this.#inputs
    const { cluster, store, clock, signal } = this.#ports
    const lock = await cluster.lock(handedOn, signal)
    const { latest } = await store.load(signal)
    const leaseMs = runbook.lock.lease
    return decideResume({ after, run, handedOn, latest, lock, now: clock.now(), leaseMs })
  }

  /** @param ports under the lock, where the decision says that it is ours */
  async carryOut(decision: ResumeDecision, ports: RolloutPorts): Promise<PhaseResult> {
    const { record } = decision
    switch (decision.do) {
      case 'tell':
        return this.#tell(decision)
      case 'go-on': {
        const reason = `The job before ended during ${decision.last.phase}; ${record.environment} has ${record.version}, and what is left goes on.`
        const ended = this.#phase.end(record, { outcome: 'passed', reason })
        return { outcome: 'passed', reason, record: ended, summary: goesOnSummary(record, reason) }
      }
      case 'freeze':
        return this.freeze(record, decision, decision.lock === 'ours' ? ports : undefined)
      case 'roll':
        return this.#roll(record, ports)
    }
  }

  /** @param ports under the lock, to record the end; without them it is only handed on */
  async freeze(
    record: DeploymentRecord,
    why: Freeze,
    ports?: RolloutPorts,
    gates: readonly GateResult[] = [],
  ): Promise<PhaseResult> {
    const { outcome, next } = why
    const states = await this.#states(record)
    const standing = standingOf(record.plan, states, this.#ports.clock.now())
    const reason = `${why.reason} ${record.environment}: ${standingSentence(standing)}.`
    const ended = this.#phase.end(record, { outcome, reason, gates })
    if (ports !== undefined && !this.#inputs.dryRun) await ports.store.save(ended, ports.signal)
    const what = { held: 'is frozen', cancelled: 'was cancelled', failed: 'was not begun' }[outcome]
    const back = why.lock === 'theirs' ? [] : await this.#wayBack(record, states)
    return this.#stopped({ record: ended, standing, what, reason, next, gates, back }, outcome)
  }

  /** A phase had ended when its job was lost: what it said counts. */
  async #tell({ record, last }: ResumeDecision & { readonly do: 'tell' }): Promise<PhaseResult> {
    const { outcome, reason, gates } = last
    const states = await this.#states(record)
    const standing = standingOf(record.plan, states, this.#ports.clock.now())
    const back = await this.#wayBack(record, states)
    const what = `${outcome} at ${last.phase}, and its job could not tell it`
    const next = goesBack(record, this.#inputs.runbook) ? rollbackFollows : twoWays
    return this.#stopped({ record, standing, what, reason, next, gates, back }, outcome)
  }

  #stopped(story: ResumeStory, outcome: PhaseResult['outcome']): PhaseResult {
    const { record, reason, next } = story
    return { outcome, reason, next, record, summary: frozenSummary(story) }
  }

  async #roll(record: DeploymentRecord, ports: RolloutPorts): Promise<PhaseResult> {
    const states = await this.#states(record)
    const found = standingSentence(standingOf(record.plan, states, this.#ports.clock.now()))
    const gates = await this.#ask(record, states)
    const blocked = blockedBy(gates)
    if (blocked !== undefined) {
      const why = { outcome: 'held', reason: blocked, next: twoWays, lock: 'ours' } as const
      return this.freeze(record, why, ports, gates)
    }
    const during = lastPhase(record, 'rollout')?.outcome === 'passed' ? 'validation' : 'rollout'
    const reason = `The job before ended in the middle of the ${during}; ${record.environment}: ${found}. It goes on.`
    this.#ports.log.info(reason)
    const resumed = this.#phase.end(record, { outcome: 'passed', reason, gates })
    const result = await rollout({ ...this.#inputs, record: resumed }, ports)
    const [headline, ...rest] = result.summary
    const note = { kind: 'decision', markdown: `**Resumed:** ${inline(reason)}` } as const
    return { ...result, summary: [...(headline === undefined ? [] : [headline]), note, ...rest] }
  }

  /** Whether what was approved still holds: asked anew, because nobody knows how long the job has been dead. */
  async #ask(
    record: DeploymentRecord,
    states: ReadonlyMap<string, ComponentState>,
  ): Promise<readonly GateResult[]> {
    const isLeft = record.plan.some((component) => {
      const state = states.get(component.deployment)
      return state === undefined || !runsAlready(component, state)
    })
    const firstWrite = isLeft
      ? await askBeforeFirstWrite({ ...this.#inputs, record }, this.#ports)
      : undefined
    const { cluster, clock, log, signal } = this.#ports
    const subject = { runbook: this.#inputs.runbook, record, occasion: 're-check' } as const
    const others = await runGates([unchangedSincePlan, ownership], { ...subject, cluster, clock }, signal)
    logGates(others, log)
    return [...(firstWrite?.gates ?? []), ...others]
  }

  /** The commands by which a person goes back. */
  async #wayBack(
    record: DeploymentRecord,
    states: ReadonlyMap<string, ComponentState>,
  ): Promise<readonly string[]> {
    const { cluster, signal } = this.#ports
    const held = await heldAwake(sleepersOf(record.plan), cluster, signal)
    return goBackCommands(record, new Set(changedSince(record, states)), held)
  }

  #states(record: DeploymentRecord): Promise<ReadonlyMap<string, ComponentState>> {
    const names = record.plan.map(({ deployment }) => deployment)
    return this.#ports.cluster.components(names, this.#ports.signal)
  }
}
