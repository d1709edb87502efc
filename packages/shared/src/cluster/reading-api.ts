import type { z } from 'zod'
import { systemClock, type Clock } from '../ports.ts'
import { ApiError } from './api-error.ts'
import type * as Options from './api-options.ts'
import { Connection } from './connection.ts'
import type { Credentials } from './credentials.ts'
import { collectionExchange, objectExchange, type Exchange } from './exchange.ts'
import { listPages, type PageHandlers } from './list.ts'
import type { ProgramEnd } from './pod-exec.ts'
import { podGet, type PodAnswer } from './pod-proxy.ts'
import { proxyFor } from './proxy.ts'
import { withQuery, type Query } from './resource-path.ts'
import { pods, type Resource, type Wire } from './resources.ts'
import { defaultRetryPolicy, isTransient, withRetries, type RetryPolicy } from './retry.ts'
import { serviceGet, type ServiceAnswer, type ServiceGet } from './service-proxy.ts'
import {
  accessReviewSchema,
  objectSchema,
  pageSchema,
  versionSchema,
  type ServerVersion,
} from './server-answers.ts'
import { Transport, type HttpAnswer } from './transport.ts'

/** Undefined where the kind has no namespaces, and in lists for all namespaces. */
export type Namespace = string | undefined

export interface Listing<T> {
  readonly items: Wire<T>[]
  /** Of the list as a whole: a watch can go on from it. */
  readonly resourceVersion: string
}

/** What can be asked of a Kubernetes API server. Everything here is repeated inside a deadline (`retry.ts`). */
export class ReadingApi {
  /** Scheme, host and port. */
  readonly server: string
  readonly clock: Clock
  protected readonly connection: Connection
  protected readonly retryPolicy: RetryPolicy
  readonly #log: Options.ApiOptions['log']

  constructor(credentials: Credentials, options: Options.ApiOptions) {
    const { env, userAgent, clock = systemClock } = options
    const { server, proxyUrl } = credentials
    this.server = server.origin
    this.clock = clock
    this.retryPolicy = { ...defaultRetryPolicy, ...options.retry }
    this.#log = options.log
    const transport = new Transport(server, proxyFor(server, proxyUrl, env), this.retryPolicy.silenceMs)
    const tell = (message: string): void => this.#log.info(message)
    this.connection = new Connection({ transport, credentials, userAgent, clock, log: this.debug, tell })
  }

  readonly debug = (message: string): void => this.#log.debug(message)

  get<T>(resource: Resource<T>, namespace: Namespace, name: string, options: Options.CallOptions = {}) {
    return this.#read(objectExchange('GET', resource, namespace, name), objectSchema, options) as Promise<
      Wire<T>
    >
  }

  /** As `get`; undefined where the object does not exist. */
  async find<T>(
    resource: Resource<T>,
    namespace: Namespace,
    name: string,
    options: Options.CallOptions = {},
  ): Promise<Wire<T> | undefined> {
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
    handlers: PageHandlers<Wire<T>>,
  ): Promise<{ resourceVersion: string }> {
    const { path, ...exchange } = collectionExchange('GET', resource, namespace)
    return listPages(options, handlers, (query) =>
      this.#read({ ...exchange, path: withQuery(path, query) }, pageSchema, options),
    )
  }

  /** Opens one watch; its body is lines of JSON. `follow` is what callers want. Not repeated. */
  openWatch(
    resource: Resource<unknown>,
    namespace: Namespace,
    query: Query,
    signal: AbortSignal,
  ): Promise<HttpAnswer> {
    const exchange = collectionExchange('GET', resource, namespace)
    const path = withQuery(exchange.path, { ...query, watch: true })
    return this.connection.request({ ...exchange, path, isWatch: true, signal })
  }

  /** A container's log. */
  logs(namespace: string, pod: string, options: Options.LogOptions = {}): Promise<string> {
    const { signal, ...query } = options
    const { path, ...exchange } = objectExchange('GET', pods, namespace, pod, 'log')
    const request = { ...exchange, path: withQuery(path, query), accept: '*/*', signal }
    return this.#repeating(signal, async (timeoutMs) => {
      const answer = await this.connection.request({ ...request, timeoutMs })
      return (await answer.text()).text
    })
  }

  /** A container's log from its beginning, and on as it is written; its body are the lines. Not repeated. */
  followLog(namespace: string, pod: string, signal: AbortSignal): Promise<HttpAnswer> {
    const { path, ...exchange } = objectExchange('GET', pods, namespace, pod, 'log')
    const request = { ...exchange, path: withQuery(path, { follow: true }), accept: '*/*' }
    return this.connection.request({ ...request, isWatch: true, signal })
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
    const { retryPolicy: policy, debug: log } = this
    return podGet(this.connection, { namespace, pod, port, path }, { ...options, policy, log })
  }

  /**
   * Runs a program in a container, to its end. Not repeated: what it does is not known here.
   *
   * @throws ApiError where the API server refused, TransportError where the connection ended before the program
   */
  async podExec(
    namespace: string,
    pod: string,
    container: string,
    command: readonly string[],
    options: Options.PodExecOptions = {},
  ): Promise<ProgramEnd> {
    // A file of its own in the bundle: few runs ask a pod.
    const { podExec } = await import('./pod-exec.ts')
    return podExec(this.connection, { namespace, pod, container, command }, options)
  }

  /** `GET` on a Service's own HTTP server, through the API server. Not repeated. */
  serviceGet(request: ServiceGet, signal: AbortSignal): Promise<ServiceAnswer> {
    return serviceGet(this.connection, request, signal)
  }

  version(options: Options.CallOptions = {}): Promise<ServerVersion> {
    return this.#read({ method: 'GET', path: '/version' }, versionSchema, options)
  }

  /** Whether the server would let our user do this. */
  async canI(
    verb: string,
    { group, plural }: Pick<Resource<unknown>, 'group' | 'plural'>,
    namespace: Namespace,
    { name, subresource, signal }: Options.AccessOptions = {},
  ): Promise<boolean> {
    const review = {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: { resourceAttributes: { verb, group, resource: plural, subresource, namespace, name } },
    }
    // A question although it is POSTed: nothing is stored, so that it is repeated like a read, also in a dry run.
    const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews'
    const exchange = { method: 'POST', path, body: JSON.stringify(review), contentType: 'application/json' }
    const { status } = await this.#read(exchange, accessReviewSchema, { signal })
    return status.allowed
  }

  /** Ends every connection, so that the process can end. */
  close(): Promise<void> {
    return this.connection.close()
  }

  #read<T>(exchange: Exchange, schema: z.ZodType<T>, { signal }: Options.CallOptions): Promise<T> {
    const attempt = (timeoutMs: number) => this.connection.json({ ...exchange, timeoutMs, signal }, schema)
    return this.#repeating(signal, attempt)
  }

  #repeating<T>(signal: AbortSignal | undefined, attempt: (remainingMs: number) => Promise<T>): Promise<T> {
    const { retryPolicy: policy, debug: log } = this
    return withRetries(attempt, { policy, isRetriable: isTransient, log, signal })
  }
}
