import {
  endOf,
  handedOver,
  holdingOf,
  released,
  renewed,
  writableUntil,
  type Grip,
  type LockState,
} from '../decide/lock.ts'
import { messageOf } from '../errors.ts'
import type { Clock, Logger } from '../ports.ts'
import { lockStateOf, type Lease } from './lease.ts'
import type { LeaseStore } from './lease-store.ts'
import { LockEnded, type Held } from './lock.ts'

/** How long a lock is kept; from the runbook file. */
export interface LeaseLimits {
  /** By a holder that fell silent. */
  readonly leaseMs: number
  /** From one job of a run to the next; 0 where none follows. */
  readonly handoverMs: number
  /** A holder learns in this time that it was asked to stop. */
  readonly yieldMs: number
}

interface Tools {
  readonly store: LeaseStore
  readonly limits: LeaseLimits
  readonly clock: Clock
  readonly log: Logger
}

/** Leaving may not take longer: a runner ends a cancelled process soon. */
const leaveWithinMs = 3_000

/**
 * A Lease that is held: renewed while the process works, and given up, in the process first, as soon as it was not
 * renewed in time, somebody else has it or asks for it.
 */
export class HeldLease implements Held {
  readonly signal: AbortSignal
  readonly #ending = new AbortController()
  readonly #stop = new AbortController()
  readonly #tools: Tools
  #lease: Lease
  #grip: Grip
  #renewal: NodeJS.Timeout | undefined
  #expiry: NodeJS.Timeout | undefined
  #renewing: Promise<void> = Promise.resolve()
  /** Why it could not be renewed the last time. */
  #trouble: unknown

  constructor(lease: Lease, grip: Grip, tools: Tools) {
    this.#lease = lease
    this.#grip = grip
    this.#tools = tools
    this.signal = this.#ending.signal
    this.#armExpiry()
    this.#renewSoon()
  }

  checkWrite(): void {
    // The timer of a process that was suspended comes late.
    if (this.#tools.clock.now() >= writableUntil(this.#grip)) this.#expire()
    this.signal.throwIfAborted()
  }

  handOver(): Promise<void> {
    const { handoverMs } = this.#tools.limits
    if (handoverMs === 0) return this.release()
    return this.#leave((state, now) => handedOver(state, this.#grip, now, handoverMs))
  }

  release(): Promise<void> {
    return this.#leave(released)
  }

  #renewSoon(waitMs = Math.min(this.#tools.limits.leaseMs / 3, this.#tools.limits.yieldMs / 2)): void {
    if (this.#stop.signal.aborted) return
    this.#renewal = setTimeout(() => {
      this.#renewing = this.#renew()
    }, waitMs).unref()
  }

  async #renew(): Promise<void> {
    const { store, limits, clock, log } = this.#tools
    // One try that hangs must leave time for another.
    const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(Math.floor(limits.leaseMs / 6))])
    const next = { ...this.#grip, renewedAt: clock.now() }
    try {
      const state = lockStateOf(this.#lease)
      const written = await store.write(renewed(state, next, next.renewedAt), this.#lease, signal)
      if (written === undefined) {
        await this.#lookAgain(signal)
        this.#renewSoon(0)
        return
      }
      this.#lease = written
      this.#grip = next
      this.#trouble = undefined
      this.#armExpiry()
    } catch (error) {
      if (this.#stop.signal.aborted) return
      if (this.#trouble === undefined) log.warn(`The lock could not be renewed yet: ${messageOf(error)}`)
      this.#trouble = error
    }
    this.#renewSoon()
  }

  /** Somebody else wrote the Lease, or the answer to our own write was lost. */
  async #lookAgain(signal: AbortSignal): Promise<void> {
    const read = await this.#tools.store.read(signal)
    const state = lockStateOf(read)
    if (read !== undefined) this.#lease = read
    switch (holdingOf(state, this.#grip)) {
      case 'held':
        return
      case 'asked': {
        const { actor = 'somebody', url = '' } = state.stop ?? {}
        this.#end(new LockEnded('asked', `${actor} asked for the lock, so nothing more is written: ${url}`))
        return
      }
      case 'lost':
        this.#end(new LockEnded('lost', `${newHolder(state)} Nothing more is written.`))
    }
  }

  #armExpiry(): void {
    clearTimeout(this.#expiry)
    const leftMs = writableUntil(this.#grip).getTime() - this.#tools.clock.now().getTime()
    this.#expiry = setTimeout(() => {
      this.#expire()
    }, leftMs).unref()
  }

  #expire(): void {
    const since = this.#grip.renewedAt.toISOString()
    const why = this.#trouble === undefined ? '' : `: ${messageOf(this.#trouble)}`
    const message = `The lock could not be renewed since ${since}, so nothing more is written${why}`
    this.#end(new LockEnded('lost', message, { cause: this.#trouble }))
  }

  #end(reason: LockEnded): void {
    this.#rest()
    this.#ending.abort(reason)
  }

  #rest(): void {
    clearTimeout(this.#renewal)
    clearTimeout(this.#expiry)
    this.#stop.abort()
  }

  async #leave(next: (state: LockState, now: Date) => LockState): Promise<void> {
    this.#rest()
    await this.#renewing
    const { reason } = this.signal as { reason: unknown }
    const isOurs = reason === undefined || (reason instanceof LockEnded && reason.why === 'asked')
    this.#ending.abort(new LockEnded('lost', 'The lock has been given back.'))
    if (!isOurs) return
    const { store, clock, log } = this.#tools
    const signal = AbortSignal.timeout(leaveWithinMs)
    try {
      let read: Lease | undefined = this.#lease
      while (read !== undefined && holdingOf(lockStateOf(read), this.#grip) !== 'lost') {
        if ((await store.write(next(lockStateOf(read), clock.now()), read, signal)) !== undefined) return
        read = await store.read(signal)
      }
    } catch (error) {
      const until = endOf(this.#grip).toISOString()
      log.warn(`The lock could not be given back and ends by itself at ${until}: ${messageOf(error)}`)
    }
  }
}

function newHolder({ grip }: LockState): string {
  if (grip === undefined) return 'The lock was taken away by hand.'
  return `Run ${grip.holder.run} by ${grip.holder.actor} has taken the lock: ${grip.holder.url}.`
}
