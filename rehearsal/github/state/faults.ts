/**
 * What goes wrong with a request:
 * - `unavailable`: 503
 * - `hang`: no answer; the connection stays open until the fault ends
 * - `reset`: the connection breaks before anything is done
 * - `answer-lost`: it is done, and the connection breaks before the answer
 * - `rate-limit`: 403 with `x-ratelimit-remaining: 0`
 * - `secondary-rate-limit`: 403 with `retry-after`
 * - `forbidden`: 403, as where a job's token has not the permission
 */
export type FaultKind =
  'unavailable' | 'hang' | 'reset' | 'answer-lost' | 'rate-limit' | 'secondary-rate-limit' | 'forbidden'

export interface FaultOptions {
  /** Ends after so many requests. */
  requests?: number
  /** Ends after this time by the stand-in's clock. */
  forMs?: number
  /** Only for requests that this accepts. */
  only?: (request: { method: string; path: string }) => boolean
  /** What `secondary-rate-limit` tells the client to wait. */
  retryAfterSeconds?: number
}

export interface Fault {
  kind: FaultKind
  retryAfterSeconds: number
  /** Aborted once the fault is over. */
  over: AbortSignal
}

interface ActiveFault extends Fault {
  left: number
  endsAt: number
  only: NonNullable<FaultOptions['only']>
  controller: AbortController
}

/** Outages that a scenario asks for. */
export class Faults {
  readonly #now: () => Date
  #active: ActiveFault[] = []

  constructor(now: () => Date) {
    this.#now = now
  }

  /** Starts a fault and returns what ends it; without a limit it lasts until then. */
  start(kind: FaultKind, options: FaultOptions = {}): () => void {
    const controller = new AbortController()
    const fault: ActiveFault = {
      kind,
      retryAfterSeconds: options.retryAfterSeconds ?? 60,
      left: options.requests ?? Infinity,
      endsAt: this.#now().getTime() + (options.forMs ?? Infinity),
      only: options.only ?? (() => true),
      controller,
      over: controller.signal,
    }
    this.#active.push(fault)
    return () => {
      this.#end(fault)
    }
  }

  /** The fault that a request meets, if any; counts it. */
  take(request: { method: string; path: string }): Fault | undefined {
    const now = this.#now().getTime()
    for (const expired of this.#active.filter((fault) => fault.endsAt <= now)) this.#end(expired)
    const fault = this.#active.find((candidate) => candidate.left > 0 && candidate.only(request))
    if (fault === undefined) return undefined
    fault.left -= 1
    return fault
  }

  #end(fault: ActiveFault): void {
    this.#active = this.#active.filter((other) => other !== fault)
    fault.controller.abort()
  }
}
