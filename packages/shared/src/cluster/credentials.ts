import { messageOf } from '../errors.ts'
import type { Clock } from '../ports.ts'

/** What a TLS connection to the API server is made with. The same object means that open connections will do. */
export interface TlsMaterial {
  readonly ca?: Buffer | undefined
  readonly cert?: Buffer | string | undefined
  readonly key?: Buffer | string | undefined
  readonly servername?: string | undefined
  readonly rejectUnauthorized: boolean
}

/** What one request proves the user with. */
export interface Identity {
  readonly headers: Readonly<Record<string, string | string[]>>
  readonly tls: TlsMaterial
}

/** A server and how to prove to it who we are. */
export interface Credentials {
  readonly server: URL
  /** The kubeconfig's own proxy, if it names one. */
  readonly proxyUrl: string | undefined
  /** Names of the kubeconfig, for messages. */
  readonly context: string
  readonly user: string
  /** The identity to use now, renewed shortly before it expires. Several callers share one renewal. */
  current(lifetime?: AbortSignal): Promise<Identity>
  /** After a 401: obtains the identity anew. False where there is no other to offer. */
  renew(lifetime?: AbortSignal): Promise<boolean>
}

export interface Obtained {
  readonly identity: Identity
  /** Undefined: not known, or never. */
  readonly expiresAt?: Date | undefined
  /** When to look for a new one although this one may be good; by default shortly before `expiresAt`. */
  readonly lookAgainAt?: Date | undefined
}

/** One way of obtaining an identity. */
export interface IdentitySource {
  obtain(lifetime?: AbortSignal): Promise<Obtained>
  /** False for what is written in the kubeconfig: asking again gives the same. */
  readonly canRenew: boolean
}

const longestLeadMs = 60_000
const nextTryMs = 5_000

/** Keeps what `source` gives until shortly before it expires: a minute, or a fifth of a short life. */
export class RenewingIdentity {
  readonly #source: IdentitySource
  readonly #clock: Clock
  readonly #log: (message: string) => void
  #held: Obtained | undefined
  #renewAt = 0
  #obtaining: Promise<Obtained> | undefined

  constructor(source: IdentitySource, clock: Clock, log: (message: string) => void) {
    this.#source = source
    this.#clock = clock
    this.#log = log
  }

  async current(lifetime?: AbortSignal): Promise<Identity> {
    const held = this.#held
    if (held !== undefined && this.#now() < this.#renewAt) return held.identity
    try {
      return (await this.#obtain(lifetime)).identity
    } catch (error) {
      // A login service that stumbles must not end a rollout whose token is still good.
      const isStillGood =
        held !== undefined && this.#now() < (held.expiresAt?.getTime() ?? Number.POSITIVE_INFINITY)
      if (!isStillGood || lifetime?.aborted === true) throw error
      this.#log(`the credentials could not be renewed; on with the present ones: ${messageOf(error)}`)
      this.#renewAt = this.#now() + nextTryMs
      return held.identity
    }
  }

  async renew(lifetime?: AbortSignal): Promise<boolean> {
    if (!this.#source.canRenew) return false
    const before = this.#held?.identity
    const { identity } = await this.#obtain(lifetime)
    return identity.headers.authorization !== before?.headers.authorization || identity.tls !== before?.tls
  }

  #obtain(lifetime?: AbortSignal): Promise<Obtained> {
    this.#obtaining ??= this.#source
      .obtain(lifetime)
      .then((obtained) => this.#hold(obtained))
      .finally(() => (this.#obtaining = undefined))
    return this.#obtaining
  }

  #hold(obtained: Obtained): Obtained {
    const expiry = obtained.expiresAt?.getTime() ?? Number.POSITIVE_INFINITY
    const leadMs = Math.min(longestLeadMs, (expiry - this.#now()) / 5)
    this.#held = obtained
    this.#renewAt = obtained.lookAgainAt?.getTime() ?? expiry - leadMs
    return obtained
  }

  #now(): number {
    return this.#clock.now().getTime()
  }
}
