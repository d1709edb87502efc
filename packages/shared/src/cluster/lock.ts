import type { LockDecision } from '../decide/lock.ts'
import { UserError } from '../errors.ts'
import type { RecordStore } from '../record/store.ts'

/** The lock of one pipeline in one environment, as one process asks for it. */
export interface Lock {
  /** What would be done to get it now; nothing is. */
  look(signal: AbortSignal): Promise<LockDecision>
  /**
   * Takes the lock. Never waits for another run that deploys; a rollback, and a re-run whose earlier attempt still
   * works, ask the holder to stop and wait until it has, at the longest until its lease ends. For another rollback a
   * rollback waits as long, in case that has died, unless it gives a sign before.
   *
   * @throws LockRefused where another run holds it, or this deployment may not write any more
   */
  acquire(signal: AbortSignal): Promise<Held>
}

/** A lock that is held, and renewed for as long as the process works. */
export interface Held {
  /** Aborts with a LockEnded when nothing may be written any more. Every write takes it. */
  readonly signal: AbortSignal
  /**
   * Call it right before each write.
   *
   * @throws LockEnded
   */
  checkWrite(): void
  /** Keeps the lock for the next job of the run; in a terminal, where nothing follows, gives it back. Never rejects. */
  handOver(): Promise<void>
  /** Gives the lock back. Never rejects. */
  release(): Promise<void>
}

/** The lock was not given: nothing was written. */
export class LockRefused extends UserError {}

/** Why a lock ended while it was held: `asked` to stop by who outranks us, or `lost`. */
export class LockEnded extends UserError {
  readonly why: 'asked' | 'lost'

  constructor(why: 'asked' | 'lost', message: string, options?: ErrorOptions) {
    super(
      message,
      'See what holds the lock now and what runs, then start a new run if it is still needed.',
      options,
    )
    this.why = why
  }
}

/**
 * Takes the lock, works under it, and leaves it: gives it back where `isOver` says that nothing follows, else keeps it
 * for the next job. Also where the work fails or is cancelled: what is half-way must be left to nobody else.
 *
 * @param work gets a signal that aborts with the given one, and when the lock has ended
 * @throws LockRefused, and what `work` throws
 */
export async function whileLocked<T>(
  lock: Lock,
  signal: AbortSignal,
  work: (held: Held, signal: AbortSignal) => Promise<T>,
  isOver: (result: T) => boolean = () => false,
): Promise<T> {
  const held = await lock.acquire(signal)
  let leave = (): Promise<void> => held.handOver()
  try {
    const result = await work(held, AbortSignal.any([signal, held.signal]))
    if (isOver(result)) leave = () => held.release()
    return result
  } finally {
    await leave()
  }
}

/**
 * A store that saves only while the lock is ours. Whoever was asked to stop still says how it ended, then yields; it
 * calls nothing good any more.
 */
export function underLock(store: RecordStore, held: Held): RecordStore {
  return {
    load: (signal) => store.load(signal),
    history: (signal) => store.history(signal),
    async save(record, signal) {
      const { reason } = held.signal as { reason: unknown }
      if (!(reason instanceof LockEnded && reason.why === 'asked')) held.checkWrite()
      await store.save(record, signal)
    },
    async saveGood(record, release, signal) {
      held.checkWrite()
      await store.saveGood(record, release, signal)
    },
    async saveRollback(record, end, signal) {
      held.checkWrite()
      await store.saveRollback(record, end, signal)
    },
  }
}
