import { utcMinute } from '../runbook/spoken-time.ts'

/** A rollback outranks a deployment: it may ask one that works to stop, and need not wait for its next job. */
export type LockPurpose = 'deployment' | 'rollback'

/** Who holds a lock: a run, not one of its jobs. */
export interface Holder {
  /** The run's number; a re-run keeps it. */
  readonly run: string
  readonly attempt: string
  readonly url: string
  readonly actor: string
  readonly version: string
  readonly purpose: LockPurpose
}

/** Who wants a lock. */
export interface Contender extends Holder {
  /** When its record was opened: what was planned before a rollback may not be rolled after it. */
  readonly openedAt: Date
}

/** A lock in somebody's hand. */
export interface Grip {
  readonly holder: Holder
  /** With the run's number this tells one acquisition from every other. */
  readonly acquiredAt: Date
  readonly renewedAt: Date
  /** How long it counts from `renewedAt` on. */
  readonly durationMs: number
  /** One job has ended, the next has not begun: nobody writes. */
  readonly isBetweenJobs: boolean
}

/** Somebody who may have the lock asks its holder to stop. */
export interface StopRequest {
  readonly run: string
  readonly url: string
  readonly actor: string
  /** Until then nobody else gets the lock; a request whose author died is forgotten. */
  readonly until: Date
}

/** A lock as it was read. */
export interface LockState {
  /** Undefined where it is free. */
  readonly grip?: Grip
  readonly stop?: StopRequest
  /** When the last rollback began. A deployment that was planned before is closed: it never writes again. */
  readonly closedBefore?: Date
}

export type LockDecision =
  | { readonly do: 'take'; readonly state: LockState; readonly dead: Grip | undefined }
  /** Write `state`, which asks the holder to stop, then wait. */
  | { readonly do: 'ask'; readonly state: LockState; readonly grip: Grip }
  /** Look again when the lock changes, or when its grip ends: `asked` to stop, or not yet shown to be alive (`silent`). */
  | { readonly do: 'wait'; readonly for: 'asked' | 'silent'; readonly grip: Grip }
  | { readonly do: 'refuse'; readonly reason: string; readonly next: string }

/** When a lock is decided on, and by what. */
export interface LockMoment {
  readonly now: Date
  readonly leaseMs: number
  /** The grip that the contender found when it began to ask; undefined at its first look. */
  readonly met?: Grip | undefined
}

/**
 * What to do about a lock that one wants. Whatever `state` comes out must be written insisting on what was read.
 *
 * A rollback does not give way to another one that may be dead: it waits until that renews its lock, which tells that it is alive, or
 * until its lease ends.
 */
export function decideLock(
  state: LockState,
  contender: Contender,
  { now, leaseMs, met }: LockMoment,
): LockDecision {
  const { grip, stop, closedBefore } = state
  const isRollback = contender.purpose === 'rollback'
  if (!isRollback && closedBefore !== undefined && contender.openedAt <= closedBefore) {
    return {
      do: 'refuse',
      reason: `A rollback began at ${utcMinute(closedBefore)}: what was planned before it is closed and never written again.`,
      next: 'Start a new run for the release: all jobs, so that it is planned and approved anew.',
    }
  }
  const isAsked = stop !== undefined && now < stop.until
  if (!isRollback && isAsked && stop.run !== contender.run) {
    return {
      do: 'refuse',
      reason: `${stop.actor} asked for the lock to roll back: ${stop.url}`,
      next: 'Wait for the rollback to end, look at what runs, then start a new run.',
    }
  }
  const mine = taken(state, contender, now, leaseMs)
  if (grip === undefined) return { do: 'take', state: mine, dead: undefined }
  if (now >= endOf(grip)) return { do: 'take', state: mine, dead: grip }

  const { holder, isBetweenJobs } = grip
  const isOwn = holder.run === contender.run && (isRollback || holder.purpose === 'deployment')
  const outranks = isRollback && (isBetweenJobs || holder.purpose === 'deployment')
  if (!isOwn && !outranks)
    return isRollback && isSilent(grip, met)
      ? { do: 'wait', for: 'silent', grip }
      : { do: 'refuse', ...heldBy(grip) }
  if (isBetweenJobs) return { do: 'take', state: mine, dead: undefined }
  if (isAsked) return { do: 'wait', for: 'asked', grip }
  const { run, url, actor } = contender
  const until = new Date(endOf(grip).getTime() + leaseMs)
  return { do: 'ask', state: { ...state, stop: { run, url, actor, until } }, grip }
}

/** Whether nothing was heard of a holder since it was met. */
function isSilent({ acquiredAt, renewedAt }: Grip, met: Grip | undefined): boolean {
  if (met === undefined) return true
  return met.acquiredAt.getTime() === acquiredAt.getTime() && met.renewedAt.getTime() === renewedAt.getTime()
}

function taken(
  { closedBefore }: LockState,
  { openedAt: _, ...holder }: Contender,
  now: Date,
  leaseMs: number,
): LockState {
  const closed = holder.purpose === 'rollback' ? now : closedBefore
  return {
    grip: { holder, acquiredAt: now, renewedAt: now, durationMs: leaseMs, isBetweenJobs: false },
    ...(closed !== undefined && { closedBefore: closed }),
  }
}

/** The lock as its holder renews it. */
export function renewed(state: LockState, grip: Grip, now: Date): LockState {
  return { ...state, grip: { ...grip, renewedAt: now } }
}

/** The lock as its holder leaves it to the next job of its run. */
export function handedOver(state: LockState, grip: Grip, now: Date, handoverMs: number): LockState {
  return { ...state, grip: { ...grip, renewedAt: now, durationMs: handoverMs, isBetweenJobs: true } }
}

/** The lock as its holder gives it back. */
export function released({ grip: _, ...rest }: LockState): LockState {
  return rest
}

/** What a holder finds when it looks at its lock again. */
export type Holding = 'held' | 'asked' | 'lost'

/** Whether the lock is still in this very grip, and whether somebody asks for it. */
export function holdingOf({ grip, stop }: LockState, mine: Grip): Holding {
  const isMine =
    grip?.holder.run === mine.holder.run &&
    grip.acquiredAt.getTime() === mine.acquiredAt.getTime() &&
    !grip.isBetweenJobs
  if (!isMine) return 'lost'
  return stop === undefined ? 'held' : 'asked'
}

/** The part of the lease that is left unused: clocks differ, and a write that was sent may still be under way. */
const marginShare = 1 / 4

/** From then on the holder of a grip may not write any more, by its own clock: sooner than anybody may take it over. */
export function writableUntil({ renewedAt, durationMs }: Grip): Date {
  return new Date(renewedAt.getTime() + durationMs * (1 - marginShare))
}

/** When a grip ends if it is not renewed. */
export function endOf({ renewedAt, durationMs }: Grip): Date {
  return new Date(renewedAt.getTime() + durationMs)
}

/** Who holds the lock, since when, which run, and what to do. */
export function heldBy(grip: Grip): { readonly reason: string; readonly next: string } {
  const { holder, acquiredAt, isBetweenJobs } = grip
  const { run, attempt, actor, version, url, purpose } = holder
  const what = purpose === 'rollback' ? `going back from ${version}` : `deploying ${version}`
  const until = utcMinute(endOf(grip))
  return {
    reason: `Another run holds the lock: run ${run} (attempt ${attempt}) by ${actor}, ${what} since ${utcMinute(acquiredAt)}${isBetweenJobs ? `, kept for its next job until ${until}` : ''}: ${url}`,
    next: isBetweenJobs
      ? `See how that run ended. Re-run it or roll back; or wait until ${until} and run this one again.`
      : 'Wait until that run has ended, or cancel it; then run this one again.',
  }
}
