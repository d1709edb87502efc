import type { LockState } from '../decide/lock.ts'
import type { KubernetesApi } from './api.ts'
import { AmbiguousWrite, ApiError } from './api-error.ts'
import { Collection } from './collection.ts'
import { leaseName, leaseOf, type Lease, type LockPlace } from './lease.ts'
import { leases } from './resources.ts'

/** Where the Lease of a lock is kept. */
export interface LeasePlace extends LockPlace {
  readonly namespace: string
}

/** Reads and writes one Lease. A write insists on what was read: of two at the same time, one succeeds. */
export class LeaseStore {
  readonly name: string
  readonly #api: KubernetesApi
  readonly #place: LeasePlace

  constructor(api: KubernetesApi, place: LeasePlace) {
    this.#api = api
    this.#place = place
    this.name = leaseName(place)
  }

  read(signal: AbortSignal): Promise<Lease | undefined> {
    return this.#api.find(leases, this.#place.namespace, this.name, { signal })
  }

  /**
   * @param read the Lease that the decision was made on; undefined where there was none
   * @returns undefined where it has to be read again: somebody else wrote meanwhile, or the answer was lost
   */
  async write(state: LockState, read: Lease | undefined, signal: AbortSignal): Promise<Lease | undefined> {
    const { namespace } = this.#place
    const lease = leaseOf(state, this.#place, read)
    try {
      return read === undefined
        ? await this.#api.create(leases, namespace, lease, { signal })
        : await this.#api.replace(leases, namespace, this.name, lease, { signal })
    } catch (error) {
      const isRaced =
        error instanceof ApiError && (error.isConflict || error.isAlreadyExists || error.isNotFound)
      // A namespace that does not exist is a 404, too, and stays one however often it is tried.
      if ((isRaced && !(read === undefined && error.isNotFound)) || error instanceof AmbiguousWrite)
        return undefined
      throw error
    }
  }

  /** Follows the Lease; `close` ends that. */
  watch(): LeaseWatch {
    return new LeaseWatch(this.#api, this.#place.namespace, this.name)
  }
}

/** One watch of one Lease. */
export class LeaseWatch {
  readonly #stop = new AbortController()
  readonly #name: string
  readonly #collection: Collection<(typeof leases)['type'] & object>

  constructor(api: KubernetesApi, namespace: string, name: string) {
    this.#name = name
    const options = { fieldSelector: `metadata.name=${name}` }
    this.#collection = new Collection(api, leases, namespace, options).start(this.#stop.signal)
  }

  /** Resolves when the Lease is another than the one that was read, or after `waitMs`. */
  async changed(read: Lease | undefined, waitMs: number, signal: AbortSignal): Promise<void> {
    const over = AbortSignal.timeout(waitMs)
    const either = AbortSignal.any([signal, over])
    try {
      await this.#collection.synced
      while (this.#version() === read?.metadata?.resourceVersion) await this.#collection.next(either)
    } catch (error) {
      signal.throwIfAborted()
      if (!over.aborted) throw error
    }
  }

  async close(): Promise<void> {
    this.#stop.abort()
    await this.#collection.ended
  }

  #version(): string | undefined {
    return this.#collection.get(this.#name)?.metadata?.resourceVersion
  }
}
