import { decideLock, type LockState } from '@runbook-actions/shared/decide/lock.ts'
import { contenderOf } from '@runbook-actions/shared/record/contender.ts'
import { newest } from '@runbook-actions/shared/record/newest.ts'
import type { DeploymentRecord, Phase, Run } from '@runbook-actions/shared/record/schema.ts'
import { sleepersOf } from '@runbook-actions/shared/record/sleeper.ts'

/** How the job ended that is continued, in GitHub's words. */
export const jobEnds = ['failure', 'cancelled'] as const

export type JobEnd = (typeof jobEnds)[number]

/** What is known of a deployment whose job ended without a word. */
export interface ResumeFacts {
  readonly after: JobEnd
  /** Who asks. */
  readonly run: Run
  /** The newest record that a job handed on. */
  readonly handedOn: DeploymentRecord
  /** What the environment's own record says. */
  readonly latest: DeploymentRecord | undefined
  readonly lock: LockState
  readonly now: Date
  readonly leaseMs: number
}

/** Whether a machine may go on with what another one left. */
export type ResumeDecision =
  /** Roll what is not rolled yet. */
  | { readonly do: 'roll'; readonly record: DeploymentRecord }
  /** It is rolled out; what comes after the rollout goes on. */
  | { readonly do: 'go-on'; readonly record: DeploymentRecord; readonly last: Phase }
  /** A phase had come to its end, and only its word was lost. */
  | { readonly do: 'tell'; readonly record: DeploymentRecord; readonly last: Phase }
  | ({ readonly do: 'freeze'; readonly record: DeploymentRecord } & Freeze)

/** Why nothing more is written until a person has decided. */
export interface Freeze {
  /** `held`: a person decides; `cancelled`: one has stopped it; `failed`: nothing was begun. */
  readonly outcome: 'held' | 'cancelled' | 'failed'
  /** One sentence. */
  readonly reason: string
  /** What the person does. */
  readonly next: string
  /** Whose the lock is: only under our own the end is recorded, and nobody goes back into what others do. */
  readonly lock: 'ours' | 'free' | 'theirs'
}

const beforeWriting: ReadonlySet<string> = new Set(['plan', 'preflight', 'approve', 're-check'])

/** The two ways out of a rollout that stands still. */
export const twoWays =
  'Go back by the workflow Rollback or the command in the summary, or re-run the failed jobs: the rollout continues where it stopped.'

/**
 * Continues only what its own run has begun and nobody has touched since: the environment's record is still of this
 * deployment, the lock is still in this run's name, no rollback has closed it, and no person has cancelled it.
 */
export function decideResume(facts: ResumeFacts): ResumeDecision {
  const { after, run, handedOn, latest, lock, now, leaseMs } = facts
  const record = newest(handedOn, latest)
  const last = record.phases.findLast(({ phase }) => phase !== 'resume')
  const isRolled = last !== undefined && !beforeWriting.has(last.phase) && !isStopped(last, 'rollout')
  if (isRolled && last.outcome !== 'passed' && last.outcome !== 'cancelled')
    return { do: 'tell', record, last }

  const decision = decideLock(lock, contenderOf(record, run), { now, leaseMs })
  const isOurs = lock.grip?.holder.run === run.id
  const freeze = (why: Freeze): ResumeDecision => ({ do: 'freeze', record, ...why })
  if (latest?.id !== record.id) {
    if (isOurs || (lock.grip === undefined && isOlder(latest, record))) return freeze(notBegun(record, after))
    return freeze(overtaken(record, latest))
  }
  if (decision.do === 'refuse')
    return freeze({ outcome: 'held', reason: decision.reason, next: decision.next, lock: 'theirs' })
  if (after === 'cancelled') {
    return freeze({
      outcome: 'cancelled',
      reason: 'The run was cancelled or ran into its time limit, and nothing more is written.',
      next: twoWays,
      lock: isOurs ? 'ours' : 'free',
    })
  }
  // What was woken may have been given back before the validation could say so: the rollout wakes it, and writes nothing else.
  const isValidating = last?.phase === 'rollout' || last?.phase === 'validate'
  const wakesAgain = isValidating && sleepersOf(record.plan).length > 0
  if (isRolled && !wakesAgain) return { do: 'go-on', record, last }
  if (!isOurs) {
    const by =
      lock.grip === undefined ? 'by hand' : `by run ${lock.grip.holder.run} (${lock.grip.holder.url})`
    return freeze({
      outcome: 'held',
      reason: `The lock was taken from this run ${by}, and nothing more is written.`,
      next: twoWays,
      lock: 'free',
    })
  }
  return { do: 'roll', record }
}

function isStopped({ phase, outcome }: Phase, wanted: Phase['phase']): boolean {
  return phase === wanted && outcome === 'cancelled'
}

/** Whether nothing has been written to the environment's record since the other one was handed on. */
function isOlder(latest: DeploymentRecord | undefined, { phases, openedAt }: DeploymentRecord): boolean {
  if (latest === undefined) return true
  const handedOnAt = phases.at(-1)?.endedAt ?? openedAt
  return Date.parse(latest.phases.at(-1)?.endedAt ?? latest.openedAt) <= Date.parse(handedOnAt)
}

function notBegun({ environment }: DeploymentRecord, after: JobEnd): Freeze {
  return {
    outcome: after === 'cancelled' ? 'cancelled' : 'failed',
    reason: `The job ended before it wrote anything to ${environment}.`,
    next: 'See that job for the cause, then re-run the failed jobs.',
    lock: 'theirs',
  }
}

function overtaken({ environment }: DeploymentRecord, latest: DeploymentRecord | undefined): Freeze {
  const who =
    latest === undefined ? 'somebody' : `${latest.run.actor} with ${latest.version} (${latest.run.url})`
  return {
    outcome: 'held',
    reason: `${environment} was deployed to by ${who} since, and nothing more is written.`,
    next: 'See what that run did and what runs, then start a new run for this release if it is still wanted.',
    lock: 'theirs',
  }
}
