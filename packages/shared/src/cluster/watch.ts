import { setTimeout as sleep } from 'node:timers/promises'
import { ApiError, isFailure, type Failure } from './api-error.ts'
import { collectionExchange } from './exchange.ts'
import type { ReadingApi } from './reading-api.ts'
import type { Resource, Wire } from './resources.ts'
import { isTransient, retryDelayMs } from './retry.ts'
import { TransportError } from './transport-error.ts'
import { InvalidWatchEvent, watchEvents, type ChangeType, type WatchEvent } from './watch-events.ts'

/** Bookmarks come about once a minute: a longer silence is a dead peer, not a quiet cluster. */
const defaultDeadAfterMs = 100_000
/** The server is asked to end a watch after this; jittered, so that watches do not all end together. */
const shortestWatchSeconds = 240
const watchJitterSeconds = 60
const defaultBackOff = { firstDelayMs: 250, longestDelayMs: 10_000 }
/** Some load balancers cut every connection at a fixed age: a watch that lived this long was healthy, if quiet. */
const healthyAfterMs = 10_000
/** A server that keeps refusing a resourceVersion without saying 410 gets a new list after so many endings. */
const refusalsBeforeList = 3

export interface FollowOptions<T> {
  readonly labelSelector?: string | undefined
  readonly fieldSelector?: string | undefined
  /** What to keep of each object. The rest can go before the next page comes. */
  readonly trim?: ((object: Wire<T>) => Wire<T>) | undefined
  readonly pageSize?: number | undefined
  /** Silence that counts as a dead peer; 100 s. */
  readonly deadAfterMs?: number | undefined
  readonly backOff?: { readonly firstDelayMs: number; readonly longestDelayMs: number } | undefined
}

export interface FollowHandlers<T> {
  /** All objects as they stand: at the beginning, and whenever changes may have been missed. */
  reset(items: Wire<T>[]): void
  changed(type: ChangeType, object: Wire<T>): void
  /** The server cannot be heard. Called after each failed try, with the last sign of life. */
  quiet?(since: Date): void
}

/**
 * Tells `handlers` what stands and what changes, by one paged list and one watch that resumes where it ended.
 * Survives lost connections, silence, overload and expired versions; what a handler throws rejects. Resolves
 * when `signal` is aborted.
 *
 * @throws ApiError for 401 (after one renewal), 403, 404 and other refusals; TransportError for certificates
 */
export function follow<T>(
  api: ReadingApi,
  resource: Resource<T>,
  namespace: string | undefined,
  options: FollowOptions<T>,
  handlers: FollowHandlers<T>,
  signal: AbortSignal,
): Promise<void> {
  return new Follower(api, resource, namespace, options, handlers, signal).run()
}

/** Why there is nothing more to read; undefined: the server ended the watch in good order, or we are aborted. */
type Ending = Failure | InvalidWatchEvent | undefined

class Follower<T> {
  readonly #api: ReadingApi
  readonly #resource: Resource<T>
  readonly #namespace: string | undefined
  readonly #options: FollowOptions<T>
  readonly #handlers: FollowHandlers<T>
  readonly #signal: AbortSignal
  /** From where to watch; undefined: a list has to come first. */
  #resourceVersion: string | undefined
  /** In a row, with nothing heard between them. */
  #endings = 0
  #refusals = 0
  #heardAt: Date

  constructor(
    api: ReadingApi,
    resource: Resource<T>,
    namespace: string | undefined,
    options: FollowOptions<T>,
    handlers: FollowHandlers<T>,
    signal: AbortSignal,
  ) {
    this.#api = api
    this.#resource = resource
    this.#namespace = namespace
    this.#options = options
    this.#handlers = handlers
    this.#signal = signal
    this.#heardAt = api.clock.now()
  }

  async run(): Promise<void> {
    while (!this.#isStopped()) {
      const ending = await this.#listAndWatch()
      if (this.#isStopped()) return
      if (ending !== undefined) this.#judge(ending)
      this.#endings++
      const waitMs = retryDelayMs(ending, this.#endings, this.#options.backOff ?? defaultBackOff)
      const from = this.#resourceVersion ?? 'a new list'
      this.#api.debug(
        `watch ${this.#resource.plural}: ${ending?.message ?? 'ended'}; on from ${from} in ${Math.round(waitMs)} ms`,
      )
      await sleep(waitMs, undefined, { signal: this.#signal }).catch(() => undefined)
    }
  }

  #isStopped(): boolean {
    return this.#signal.aborted
  }

  async #listAndWatch(): Promise<Ending> {
    if (this.#resourceVersion === undefined) {
      const failure = await this.#list()
      if (failure !== undefined) return failure
    }
    return this.#watch()
  }

  async #list(): Promise<Ending> {
    const { trim = (object: Wire<T>) => object, labelSelector, fieldSelector, pageSize } = this.#options
    const items: Wire<T>[] = []
    const options = { labelSelector, fieldSelector, pageSize, signal: this.#signal }
    const fetching = this.#api.listPages(this.#resource, this.#namespace, options, {
      page: (objects) => objects.forEach((object) => items.push(trim(object))),
      restart: () => items.splice(0),
    })
    const fetched = await settle(fetching, this.#signal)
    if (fetched === undefined || 'failure' in fetched) return fetched?.failure
    this.#heard()
    this.#resourceVersion = fetched.value.resourceVersion
    this.#handlers.reset(items)
    return undefined
  }

  async #watch(): Promise<Ending> {
    if (this.#isStopped()) return undefined
    const opened = performance.now()
    const peer = new AbortController()
    const deadAfterMs = this.#options.deadAfterMs ?? defaultDeadAfterMs
    const timer = setTimeout(() => peer.abort(this.#silence(deadAfterMs)), deadAfterMs)
    const heard = () => {
      this.#heard()
      timer.refresh()
    }
    const events = this.#events(AbortSignal.any([this.#signal, peer.signal]), heard)
    try {
      for (;;) {
        const next = await settle(events.next(), this.#signal)
        if (next === undefined || 'failure' in next) return next?.failure
        if (next.value.done === true) return undefined
        // Outside of what is caught above: what a handler throws is the caller's.
        const failure = this.#see(next.value.value)
        if (failure !== undefined) return failure
      }
    } finally {
      if (performance.now() - opened > healthyAfterMs) this.#endings = 0
      clearTimeout(timer)
      await events.return(undefined)
    }
  }

  async *#events(signal: AbortSignal, heard: () => void): AsyncGenerator<WatchEvent> {
    const { labelSelector, fieldSelector } = this.#options
    const query = {
      labelSelector,
      fieldSelector,
      resourceVersion: this.#resourceVersion,
      allowWatchBookmarks: true,
      timeoutSeconds: shortestWatchSeconds + Math.floor(Math.random() * watchJitterSeconds),
    }
    const answer = await this.#api.openWatch(this.#resource, this.#namespace, query, signal)
    yield* watchEvents(answer.chunks(), heard)
  }

  #see(event: WatchEvent): Ending {
    if (event.type === 'ERROR') {
      return new ApiError({ ...this.#request(), status: event.status.code ?? 500, body: event.status })
    }
    this.#endings = 0
    this.#refusals = 0
    this.#resourceVersion = event.resourceVersion
    if (event.type === 'BOOKMARK') return undefined
    const object = event.object as Wire<T>
    this.#handlers.changed(event.type, this.#options.trim?.(object) ?? object)
    return undefined
  }

  /** Throws what no repetition mends; decides whether the next try can resume. */
  #judge(ending: Failure | InvalidWatchEvent): void {
    if (ending instanceof TransportError && !isTransient(ending) && ending.code !== 'ENOTFOUND') throw ending
    if (ending instanceof ApiError) {
      const isRefusal = ending.status >= 400 && ending.status < 500
      if (isRefusal && ![408, 410, 429].includes(ending.status)) throw ending
      if (![408, 410, 429, 503].includes(ending.status)) this.#refusals++
    }
    const isExpired = ending instanceof ApiError && ending.status === 410
    if (isExpired || ending instanceof InvalidWatchEvent || this.#refusals >= refusalsBeforeList) {
      this.#resourceVersion = undefined
      this.#refusals = 0
    }
    this.#handlers.quiet?.(this.#heardAt)
  }

  #heard(): void {
    this.#heardAt = this.#api.clock.now()
  }

  #silence(deadAfterMs: number): TransportError {
    const problem = `nothing heard for ${deadAfterMs / 1000} s`
    return new TransportError({ ...this.#request(), code: 'SILENT', server: this.#api.server, problem })
  }

  #request() {
    return collectionExchange('GET', this.#resource, this.#namespace)
  }
}

/** A promise's value or its failure; undefined when we are aborted. Other errors, which are bugs, are thrown. */
async function settle<T>(
  promise: Promise<T>,
  signal: AbortSignal,
): Promise<{ value: T } | { failure: Failure | InvalidWatchEvent } | undefined> {
  try {
    return { value: await promise }
  } catch (error) {
    if (signal.aborted) return undefined
    if (isFailure(error) || error instanceof InvalidWatchEvent) return { failure: error }
    throw error
  }
}
