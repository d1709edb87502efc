import type { z } from 'zod'
import { systemClock, type Clock } from '../ports.ts'
import { ApiError, isFailure } from './api-error.ts'
import type * as Options from './api-options.ts'
import { Connection } from './connection.ts'
import type { Credentials } from './credentials.ts'
import { collectionExchange, objectExchange, type Exchange } from './exchange.ts'
import { listPages } from './list.ts'
import { podGet, type PodAnswer } from './pod-proxy.ts'
import { proxyFor } from './proxy.ts'
import { withQuery, type Query } from './resource-path.ts'
import { apiVersionOf, pods, type AnyObject, type Resource, type Wire } from './resources.ts'
import { defaultRetryPolicy, isTransient, wasNotExecuted, withRetries, type RetryPolicy } from './retry.ts'
import {
  accessReviewSchema,
  objectSchema,
  pageSchema,
  versionSchema,
  type ServerVersion,
} from './server-answers.ts'
import { Transport, type HttpAnswer } from './transport.ts'
import { patchPrecondition, resourceVersionOf, write, type Repeatability } from './write.ts'

/** Undefined where the kind has no namespaces, and in lists for all namespaces. */
type Namespace = string | undefined
type Call = Options.CallOptions

export interface Listing<T> {
  readonly items: Wire<T>[]
  /** Of the list as a whole: a watch can go on from it. */
  readonly resourceVersion: string
}

const json = 'application/json'
const patchContentType = {
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  json: 'application/json-patch+json',
  apply: 'application/apply-patch+yaml',
} as const

/** The first call opens the first connection. */
export function connect(credentials: Credentials, options: Options.ApiOptions): KubernetesApi {
  return new KubernetesApi(credentials, options)
}

/**
 * A Kubernetes API server. Reads are repeated inside a deadline; writes are never executed twice (`write.ts`).
 * Failures are ApiError, TransportError or AmbiguousWrite; `explain` makes of them what a user should read.
 */
export class KubernetesApi {
  /** Scheme, host and port. */
  readonly server: string
  readonly clock: Clock
  readonly retryPolicy: RetryPolicy
  readonly #options: Options.ApiOptions
  readonly #connection: Connection

  constructor(credentials: Credentials, options: Options.ApiOptions) {
    const { env, userAgent, clock = systemClock } = options
    const log = (message: string) => this.debug(message)
    this.#options = options
    this.server = credentials.server.origin
    this.clock = clock
    this.retryPolicy = { ...defaultRetryPolicy, ...options.retry }
    const transport = new Transport(
      credentials.server,
      proxyFor(credentials.server, credentials.proxyUrl, env),
    )
    this.#connection = new Connection({
      transport,
      credentials,
      userAgent,
      clock,
      log,
    })
  }

  debug(message: string): void {
    this.#options.log.debug(message)
  }

  get<T>(resource: Resource<T>, namespace: Namespace, name: string, options: Call = {}): Promise<Wire<T>> {
    return this.#read(objectExchange('GET', resource, namespace, name), objectSchema, options) as Promise<
      Wire<T>
    >
  }

  /** As `get`; undefined where the object does not exist. */
  async find<T>(resource: Resource<T>, namespace: Namespace, name: string, options: Call = {}) {
    try {
      return await this.get(resource, namespace, name, options)
    } catch (error) {
      // A 404 that names no object is about the kind or the URL.
      if (error instanceof ApiError && error.isNotFound && error.details?.name === name) return undefined
      throw error
    }
  }

  async list<T>(
    resource: Resource<T>,
    namespace: Namespace,
    options: Options.ListOptions = {},
  ): Promise<Listing<T>> {
    const items: Wire<T>[] = []
    const { resourceVersion } = await this.listPages(resource, namespace, options, {
      page: (objects) => void items.push(...objects),
      restart: () => void items.splice(0),
    })
    return { items, resourceVersion }
  }

  /** As `list`, page by page: what is not kept can go before the next one comes. */
  listPages<T>(
    resource: Resource<T>,
    namespace: Namespace,
    options: Options.ListOptions,
    handlers: { page(items: readonly Wire<T>[]): void; restart(): void },
  ): Promise<{ resourceVersion: string }> {
    const exchange = collectionExchange('GET', resource, namespace)
    const fetchPage = (query: Query) =>
      this.#read({ ...exchange, path: withQuery(exchange.path, query) }, pageSchema, options)
    return listPages(options, fetchPage, {
      page: (items) => handlers.page(items as readonly Wire<T>[]),
      restart: () => handlers.restart(),
    })
  }

  /** Opens one watch; its body is lines of JSON. `follow` is what callers want. Not retried. */
  openWatch(
    resource: Resource<unknown>,
    namespace: Namespace,
    query: Query,
    signal: AbortSignal,
  ): Promise<HttpAnswer> {
    const exchange = collectionExchange('GET', resource, namespace)
    const path = withQuery(exchange.path, { ...query, watch: true })
    return this.#connection.request({ ...exchange, path, isWatch: true, signal })
  }

  create<T>(
    resource: Resource<T>,
    namespace: Namespace,
    object: Wire<T> & object,
    options: Call = {},
  ): Promise<Wire<T>> {
    const name = (object as AnyObject).metadata?.name
    const exchange = { ...collectionExchange('POST', resource, namespace), name, contentType: json }
    return this.#write({
      ...options,
      exchange,
      resource,
      body: typed(resource, object),
      repeatability: 'once',
    })
  }

  /** PUT. With the object's resourceVersion it fails where somebody else changed it meanwhile. */
  replace<T>(
    resource: Resource<T>,
    namespace: Namespace,
    name: string,
    object: Wire<T> & object,
    options: Call = {},
  ) {
    const exchange = { ...objectExchange('PUT', resource, namespace, name), contentType: json }
    const repeatability = insisting(resourceVersionOf(object))
    return this.#write({ ...options, exchange, resource, body: typed(resource, object), repeatability })
  }

  /** PATCH. `metadata.resourceVersion` in it (or a `test` in a JSON patch) insists on what was read. */
  patch<T>(
    resource: Resource<T>,
    namespace: Namespace,
    name: string,
    body: object,
    type: 'merge' | 'strategic' | 'json',
    options: Call = {},
  ): Promise<Wire<T>> {
    const exchange = {
      ...objectExchange('PATCH', resource, namespace, name),
      contentType: patchContentType[type],
    }
    return this.#write({
      ...options,
      exchange,
      resource,
      body,
      repeatability: insisting(patchPrecondition(body)),
    })
  }

  /** Server-side apply under our field manager. A conflict is an ApiError that names managers and fields. */
  apply<T>(
    resource: Resource<T>,
    namespace: Namespace,
    name: string,
    object: object,
    options: Options.ApplyOptions = {},
  ): Promise<Wire<T>> {
    const exchange = {
      ...objectExchange('PATCH', resource, namespace, name),
      contentType: patchContentType.apply,
    }
    const { force = false, signal } = options
    const body = { ...typed(resource, object), metadata: { ...(object as AnyObject).metadata, name } }
    return this.#write({ exchange, resource, body, repeatability: 'repeatable', query: { force }, signal })
  }

  async delete(
    resource: Resource<unknown>,
    namespace: Namespace,
    name: string,
    options: Options.DeleteOptions = {},
  ): Promise<void> {
    const { uid, resourceVersion, propagation: propagationPolicy, signal } = options
    const exchange = { ...objectExchange('DELETE', resource, namespace, name), contentType: json }
    const preconditions =
      uid === undefined && resourceVersion === undefined ? undefined : { uid, resourceVersion }
    const body = { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy, preconditions }
    const repeatability = uid === undefined ? insisting(resourceVersion) : 'repeatable'
    let mayBeGone = false
    const recover = (error: unknown): object => {
      // A repeated delete that finds nothing, or another object, has succeeded the first time.
      if (mayBeGone && error instanceof ApiError && (error.isNotFound || error.isConflict)) return {}
      mayBeGone ||= uid !== undefined && isFailure(error) && !wasNotExecuted(error)
      throw error
    }
    await this.#write({ exchange, resource, body, repeatability, recover, signal })
  }

  /** A container's log. */
  logs(namespace: string, pod: string, options: Options.LogOptions = {}): Promise<string> {
    const { signal, ...query } = options
    const exchange = { ...objectExchange('GET', pods, namespace, pod, 'log'), accept: '*/*', signal }
    return this.#retrying(signal, async (timeoutMs) => {
      const path = withQuery(exchange.path, query)
      const answer = await this.#connection.request({ ...exchange, path, timeoutMs })
      return (await answer.text()).text
    })
  }

  /**
   * `GET` on a pod's own HTTP server, through the API server. Whatever the service answers is returned.
   *
   * @throws PodUnreachable where the port gave no answer, ApiError where the API server refused
   */
  podGet(
    namespace: string,
    pod: string,
    port: number,
    path: string,
    options: Options.PodGetOptions = {},
  ): Promise<PodAnswer> {
    const log = (message: string) => this.debug(message)
    return podGet(
      this.#connection,
      { namespace, pod, port, path },
      { ...options, policy: this.retryPolicy, log },
    )
  }

  version(options: Call = {}): Promise<ServerVersion> {
    return this.#read({ method: 'GET', path: '/version' }, versionSchema, options)
  }

  /** Whether the server would let our user do this. */
  async canI(
    verb: string,
    { group, plural }: Pick<Resource<unknown>, 'group' | 'plural'>,
    namespace: Namespace,
    { name, subresource, signal }: Options.AccessOptions = {},
  ): Promise<boolean> {
    const resourceAttributes = { verb, group, resource: plural, subresource, namespace, name }
    const review = {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: { resourceAttributes },
    }
    // A question although it is POSTed: nothing is stored, so that it is repeated like a read, also in a dry run.
    const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews'
    const exchange = { method: 'POST', path, body: JSON.stringify(review), contentType: json }
    return (await this.#read(exchange, accessReviewSchema, { signal })).status.allowed
  }

  /** Ends every connection, so that the process can end. */
  close(): Promise<void> {
    return this.#connection.close()
  }

  #read<T>(exchange: Exchange, schema: z.ZodType<T>, { signal }: Call): Promise<T> {
    return this.#retrying(signal, (timeoutMs) =>
      this.#connection.json({ ...exchange, timeoutMs, signal }, schema),
    )
  }

  #retrying<T>(signal: AbortSignal | undefined, attempt: (remainingMs: number) => Promise<T>): Promise<T> {
    const log = (message: string) => this.debug(message)
    return withRetries(attempt, { policy: this.retryPolicy, isRetriable: isTransient, log, signal })
  }

  /** Every write passes here: this is where a dry run is made one. */
  async #write<T>(call: WriteCall<T>): Promise<Wire<T>> {
    const { exchange, resource, body, repeatability, query, recover = rethrow, signal } = call
    const { dryRun = false, fieldManager } = this.#options
    const manager = exchange.method === 'DELETE' ? {} : { fieldManager }
    const path = withQuery(exchange.path, { ...query, ...manager, dryRun: dryRun ? 'All' : undefined })
    const request: Exchange = { ...exchange, path, body: JSON.stringify(body), signal }
    const { name, namespace } = exchange
    const readBack = name === undefined ? undefined : () => this.find(resource, namespace, name, { signal })
    const answer = await write({
      request,
      repeatability: dryRun ? 'repeatable' : repeatability,
      attempt: (timeoutMs) => this.#connection.json({ ...request, timeoutMs }, objectSchema).catch(recover),
      readBack,
      policy: this.retryPolicy,
      log: (message) => this.debug(message),
      signal,
    })
    return answer as Wire<T>
  }
}

interface WriteCall<T> extends Call {
  readonly exchange: Exchange
  readonly resource: Resource<T>
  readonly body: unknown
  readonly repeatability: Repeatability
  readonly query?: Query
  readonly recover?: (error: unknown) => unknown
}

function rethrow(error: unknown): never {
  throw error
}

function insisting(resourceVersion: string | undefined): Repeatability {
  return resourceVersion === undefined ? 'once' : { resourceVersion }
}

function typed(resource: Resource<unknown>, object: object): object {
  return { ...object, apiVersion: apiVersionOf(resource), kind: resource.kind }
}
