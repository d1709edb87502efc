import type { ReadingApi } from './reading-api.ts'
import type { AnyObject, Resource, Wire } from './resources.ts'
import type { ChangeType } from './watch-events.ts'
import { follow, type FollowOptions } from './watch.ts'

export interface CollectionOptions<T> extends FollowOptions<T> {
  /** The server cannot be heard since then; called after each failed try. */
  readonly quiet?: ((since: Date) => void) | undefined
}

/**
 * The objects of one kind as they stand now: one list and one watch, however many there are. What cannot be
 * survived, and the end of the signal, reject `synced` and every `next`.
 */
export class Collection<T> {
  /** Resolves with the first complete list. */
  readonly synced: Promise<void>
  /** Resolves when following has ended, for whatever reason: no request is under way any more. */
  readonly ended: Promise<void>
  readonly #follow: (signal: AbortSignal) => Promise<void>
  readonly #keyOf: (object: Wire<T>) => string
  readonly #firstList = Promise.withResolvers<undefined>()
  readonly #objects = new Map<string, Wire<T>>()
  readonly #waiting = new Set<() => void>()
  #wakesSoon = false
  #revision = 0
  #delivered = 0
  readonly #end = Promise.withResolvers<undefined>()
  #failure: { readonly reason: unknown } | undefined
  #isStarted = false

  constructor(
    api: ReadingApi,
    resource: Resource<T>,
    namespace: string | undefined,
    options: CollectionOptions<T> = {},
  ) {
    this.ended = this.#end.promise
    this.synced = this.#firstList.promise
    // Whoever awaits it hears of a failure; it must not end the process where nobody does.
    this.synced.catch(() => undefined)
    const isSpread = resource.namespaced && namespace === undefined
    this.#keyOf = (object) => {
      const { name = '', namespace: own = '' } = (object as AnyObject).metadata ?? {}
      return isSpread ? `${own}/${name}` : name
    }
    const handlers = {
      reset: (items: Wire<T>[]) => this.#reset(items),
      changed: (type: ChangeType, object: Wire<T>) => this.#apply(type, object),
      quiet: (since: Date) => options.quiet?.(since),
    }
    this.#follow = (signal) => follow(api, resource, namespace, options, handlers, signal)
  }

  /** Begins to follow, until `signal` is aborted. */
  start(signal: AbortSignal): this {
    if (this.#isStarted) throw new Error('a collection is started once')
    this.#isStarted = true
    this.#follow(signal).then(
      () => this.#fail(signal.reason),
      (error: unknown) => this.#fail(error),
    )
    return this
  }

  items(): Wire<T>[] {
    return [...this.#objects.values()]
  }

  /** By name; by `namespace/name` where all namespaces are followed. */
  get(name: string): Wire<T> | undefined {
    return this.#objects.get(name)
  }

  /** Counts changes. Where several wait on one collection, read it before `items()` and pass it to `next`. */
  get revision(): number {
    return this.#revision
  }

  /** Resolves when something has changed since the last `next` (or since `after`). Many changes are one. */
  async next(signal?: AbortSignal, after = this.#delivered): Promise<void> {
    while (this.#revision <= after) {
      if (this.#failure !== undefined) throw this.#failure.reason
      await this.#wake(signal)
    }
    this.#delivered = this.#revision
  }

  #reset(items: Wire<T>[]): void {
    this.#objects.clear()
    for (const item of items) this.#objects.set(this.#keyOf(item), item)
    this.#revision++
    if (this.#revision === 1) this.#delivered = 1
    this.#firstList.resolve(undefined)
    this.#wakeSoon()
  }

  #apply(type: ChangeType, object: Wire<T>): void {
    const key = this.#keyOf(object)
    if (type === 'DELETED') this.#objects.delete(key)
    else this.#objects.set(key, object)
    this.#revision++
    this.#wakeSoon()
  }

  #fail(reason: unknown): void {
    this.#failure = { reason }
    this.#firstList.reject(reason)
    this.#end.resolve(undefined)
    this.#wakeAll()
  }

  /** After what has arrived already, so that a burst wakes once. */
  #wakeSoon(): void {
    if (this.#wakesSoon) return
    this.#wakesSoon = true
    setImmediate(() => {
      this.#wakesSoon = false
      this.#wakeAll()
    })
  }

  #wakeAll(): void {
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const wake of waiting) wake()
  }

  #wake(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted()
    return new Promise((resolve, reject) => {
      const wake = () => {
        signal?.removeEventListener('abort', stop)
        resolve()
      }
      const stop = () => {
        this.#waiting.delete(wake)
        reject(signal?.reason as Error)
      }
      this.#waiting.add(wake)
      signal?.addEventListener('abort', stop, { once: true })
    })
  }
}
