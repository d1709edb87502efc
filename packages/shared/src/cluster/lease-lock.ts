import {
  decideLock,
  endOf,
  holdingOf,
  type Contender,
  type Grip,
  type LockDecision,
  type LockState,
} from '../decide/lock.ts'
import type { Clock, Logger } from '../ports.ts'
import type { KubernetesApi } from './api.ts'
import { lockStateOf, type Lease } from './lease.ts'
import { HeldLease, type LeaseLimits } from './held-lease.ts'
import { LeaseStore, type LeasePlace, type LeaseWatch } from './lease-store.ts'
import { LockRefused, type Held, type Lock } from './lock.ts'

interface Options {
  readonly place: LeasePlace
  readonly contender: Contender
  readonly limits: LeaseLimits
  readonly clock: Clock
  readonly log: Logger
}

/** The lock of a pipeline and environment, as a Lease in the environment's own namespace. */
export class LeaseLock implements Lock {
  readonly #store: LeaseStore
  readonly #options: Options

  constructor(api: KubernetesApi, options: Options) {
    this.#store = new LeaseStore(api, options.place)
    this.#options = options
  }

  async look(signal: AbortSignal): Promise<LockDecision> {
    return this.#decide(lockStateOf(await this.#store.read(signal)), this.#options.clock.now())
  }

  async acquire(signal: AbortSignal): Promise<Held> {
    const { clock, log } = this.#options
    let tried: Grip | undefined
    let met: Grip | undefined
    let isTold = false
    let watch: LeaseWatch | undefined
    try {
      for (;;) {
        signal.throwIfAborted()
        const read = await this.#store.read(signal)
        const state = lockStateOf(read)
        // The answer to the write that took it was lost.
        if (tried !== undefined && read !== undefined && holdingOf(state, tried) !== 'lost')
          return this.#hold(read, tried)

        const now = clock.now()
        const decision = this.#decide(state, now, met)
        met ??= state.grip
        if (decision.do === 'refuse') throw new LockRefused(decision.reason, decision.next)
        if (decision.do === 'wait') {
          if (decision.for === 'silent' && !isTold) {
            log.info(waitedFor(decision.grip))
            isTold = true
          }
          watch ??= this.#store.watch()
          await watch.changed(read, endOf(decision.grip).getTime() - now.getTime(), signal)
          continue
        }
        tried = decision.do === 'take' ? decision.state.grip : undefined
        const written = await this.#store.write(decision.state, read, signal)
        if (written === undefined) continue
        if (decision.do === 'ask') log.info(`${asked(decision.grip)} It is waited for.`)
        if (decision.do === 'take' && decision.dead !== undefined) log.warn(takenOver(decision.dead))
        if (tried !== undefined) return this.#hold(written, tried)
      }
    } finally {
      await watch?.close()
    }
  }

  #decide(state: LockState, now: Date, met?: Grip): LockDecision {
    const { contender, limits } = this.#options
    return decideLock(state, contender, { now, leaseMs: limits.leaseMs, met })
  }

  #hold(lease: Lease, grip: Grip): Held {
    const { limits, clock, log } = this.#options
    log.info(`The lock ${this.#store.name} is held by this run.`)
    return new HeldLease(lease, grip, { store: this.#store, limits, clock, log })
  }
}

function asked({ holder }: Grip): string {
  return `Run ${holder.run} (attempt ${holder.attempt}) by ${holder.actor} holds the lock and was asked to stop: ${holder.url}.`
}

function waitedFor(grip: Grip): string {
  const { holder, acquiredAt, renewedAt } = grip
  return `Run ${holder.run} (attempt ${holder.attempt}) by ${holder.actor} goes back from ${holder.version} since ${acquiredAt.toISOString()}, and was last heard of at ${renewedAt.toISOString()}: ${holder.url}. If it gives no sign by ${endOf(grip).toISOString()} it has died, and this run takes over; else this run ends.`
}

function takenOver(dead: Grip): string {
  const { holder, renewedAt } = dead
  return `The lock was taken over from run ${holder.run} by ${holder.actor} (${holder.version}), which was last heard of at ${renewedAt.toISOString()} and did not give it back: look at how it ended: ${holder.url}`
}
