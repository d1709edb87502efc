import { addressText, BrokerConnection, type Address, type ConnectionSettings } from './broker-connection.ts'
import { PassingFailure } from './broker-error.ts'

/** How the brokers name themselves among each other. */
export type BrokerId = number

/** The connections of one reading: at most one to each broker, opened when it is needed. */
export class BrokerConnections {
  readonly #seeds: readonly Address[]
  readonly #settings: ConnectionSettings
  readonly #closed = new AbortController()
  readonly #signal: AbortSignal
  readonly #open = new Map<string, Promise<BrokerConnection>>()
  readonly #nodes = new Map<BrokerId, Address>()

  /** @param signal ends all connections whenever it aborts */
  constructor(seeds: readonly Address[], settings: ConnectionSettings, signal: AbortSignal) {
    this.#seeds = seeds
    this.#settings = settings
    this.#signal = AbortSignal.any([signal, this.#closed.signal])
  }

  /**
   * The first of the brokers to start from that answers: one that is down or behind a firewall costs no time.
   *
   * @throws what the first one in the list failed with, where all fail
   */
  async any(): Promise<BrokerConnection> {
    const attempts = this.#seeds.map((seed) => this.#to(seed))
    return Promise.any(attempts).catch((error: unknown) => {
      const reasons: unknown[] = error instanceof AggregateError ? error.errors : [error]
      // What a person has to mend says more than what may pass.
      throw reasons.find((reason) => !(reason instanceof PassingFailure)) ?? reasons[0]
    })
  }

  /** Notes where the brokers say that they are. */
  know(
    brokers: readonly { readonly nodeId: BrokerId; readonly host: string; readonly port: number }[],
  ): void {
    for (const { nodeId, host, port } of brokers) this.#nodes.set(nodeId, { host, port })
  }

  knows(id: BrokerId): boolean {
    return this.#nodes.has(id)
  }

  /** The connection to a broker that is known. */
  async at(id: BrokerId): Promise<BrokerConnection> {
    const address = this.#nodes.get(id)
    if (address === undefined) throw new PassingFailure(`The broker ${id} is gone.`)
    return this.#to(address).catch((error: unknown) => {
      if (!(error instanceof PassingFailure) || this.#isSeed(address)) throw error
      throw new PassingFailure(
        `${error.message} The brokers gave this address themselves, for broker ${id} (advertised.listeners).`,
        error.next,
        { cause: error },
      )
    })
  }

  /** Closes what is open, and gives up what is being opened. */
  close(): void {
    this.#closed.abort(new PassingFailure('The reading has ended.'))
  }

  #isSeed(address: Address): boolean {
    return this.#seeds.some((seed) => addressText(seed) === addressText(address))
  }

  async #to(address: Address): Promise<BrokerConnection> {
    const key = addressText(address)
    const known = this.#open.get(key)
    if (known !== undefined) return known
    const opening = BrokerConnection.open(address, this.#settings, this.#signal)
    this.#open.set(key, opening)
    return opening
  }
}
