import { AmbiguousWrite, ApiError, isFailure } from './api-error.ts'
import type { ApiOptions, ApplyOptions, CallOptions, DeleteOptions } from './api-options.ts'
import type { Credentials } from './credentials.ts'
import { collectionExchange, objectExchange, type Exchange } from './exchange.ts'
import { ReadingApi, type Namespace } from './reading-api.ts'
import { changedFields } from './object-diff.ts'
import { withQuery, type Query } from './resource-path.ts'
import { apiVersionOf, type AnyObject, type Resource, type Wire } from './resources.ts'
import { wasNotExecuted } from './retry.ts'
import { objectSchema } from './server-answers.ts'
import { patchPrecondition, resourceVersionOf, write, type Repeatability } from './write.ts'

export type { Listing } from './reading-api.ts'

const contentTypes = {
  whole: 'application/json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  json: 'application/json-patch+json',
  apply: 'application/apply-patch+yaml',
} as const

/** How often an object is compared with what a write would make of it, where others write it meanwhile. */
const comparisons = 10

/** The first call opens the first connection. */
export function connect(credentials: Credentials, options: ApiOptions): KubernetesApi {
  return new KubernetesApi(credentials, options)
}

/**
 * A Kubernetes API server. Reads are repeated inside a deadline; writes are never executed twice (`write.ts`).
 * Failures are ApiError, TransportError or AmbiguousWrite; `explain` makes of them what a user should read.
 */
export class KubernetesApi extends ReadingApi {
  /** Whether every write is only checked by the server. */
  readonly isDryRun: boolean
  /** The name under which the server records our writes. */
  readonly fieldManager: string

  constructor(credentials: Credentials, options: ApiOptions) {
    super(credentials, options)
    this.isDryRun = options.dryRun ?? false
    this.fieldManager = options.fieldManager
  }

  create<T>(
    resource: Resource<T>,
    namespace: Namespace,
    object: Wire<T> & object,
    options: CallOptions = {},
  ): Promise<Wire<T>> {
    const { name } = (object as AnyObject).metadata ?? {}
    const exchange = {
      ...collectionExchange('POST', resource, namespace),
      name,
      contentType: contentTypes.whole,
    }
    return this.#write({
      ...options,
      exchange,
      resource,
      body: typed(resource, object),
      repeatability: name === undefined ? 'once' : 'new',
    })
  }

  /** PUT. With the object's resourceVersion it fails where somebody else changed it meanwhile. */
  replace<T>(
    resource: Resource<T>,
    namespace: Namespace,
    name: string,
    object: Wire<T> & object,
    options: CallOptions = {},
  ): Promise<Wire<T>> {
    const exchange = { ...objectExchange('PUT', resource, namespace, name), contentType: contentTypes.whole }
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
    options: CallOptions = {},
  ): Promise<Wire<T>> {
    const exchange = {
      ...objectExchange('PATCH', resource, namespace, name),
      contentType: contentTypes[type],
    }
    return this.#write({
      ...options,
      exchange,
      resource,
      body,
      repeatability: insisting(patchPrecondition(body)),
      isDeclarative: type !== 'json',
    })
  }

  /**
   * Server-side apply under our field manager. A conflict is an ApiError that names managers and fields.
   * `metadata.resourceVersion` insists on what was read, as in a patch.
   */
  apply<T>(
    resource: Resource<T>,
    namespace: Namespace,
    name: string,
    object: object,
    { force = false, dryRun = false, signal }: ApplyOptions = {},
  ): Promise<Wire<T>> {
    const exchange = {
      ...objectExchange('PATCH', resource, namespace, name),
      contentType: contentTypes.apply,
    }
    const body = { ...typed(resource, object), metadata: { ...(object as AnyObject).metadata, name } }
    const version = resourceVersionOf(object)
    const repeatability = version === undefined ? 'repeatable' : { resourceVersion: version }
    return this.#write({
      exchange,
      resource,
      body,
      repeatability,
      isDeclarative: true,
      query: { force },
      dryRun,
      signal,
    })
  }

  async delete(
    resource: Resource<unknown>,
    namespace: Namespace,
    name: string,
    { uid, resourceVersion, propagation: propagationPolicy, signal }: DeleteOptions = {},
  ): Promise<void> {
    const exchange = {
      ...objectExchange('DELETE', resource, namespace, name),
      contentType: contentTypes.whole,
    }
    const isConditional = uid !== undefined || resourceVersion !== undefined
    const preconditions = isConditional ? { uid, resourceVersion } : undefined
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

  /** Every write passes here: this is where a dry run is made one. */
  async #write<T>(call: WriteCall<T>): Promise<Wire<T>> {
    const { exchange, resource, repeatability, recover = rethrow, signal } = call
    const isDelete = exchange.method === 'DELETE'
    const isDry = this.isDryRun || call.dryRun === true
    const dryRun = isDry ? 'All' : undefined
    const query = { ...call.query, dryRun, fieldManager: isDelete ? undefined : this.fieldManager }
    // A DELETE with a body has its options there: the server does not look at the query, and would really delete.
    const body = isDelete && isDry ? { ...call.body, dryRun: ['All'] } : call.body
    const path = withQuery(exchange.path, query)
    const request: Exchange = { ...exchange, path, body: JSON.stringify(body), signal }
    const { name, namespace } = exchange
    const answer = await write({
      request,
      repeatability: isDry ? 'repeatable' : repeatability,
      attempt: (timeoutMs) => this.connection.json({ ...request, timeoutMs }, objectSchema).catch(recover),
      readBack: name === undefined ? undefined : () => this.find(resource, namespace, name, { signal }),
      answerFrom: call.isDeclarative === true ? (found) => this.#unchangedBy(call, found) : undefined,
      policy: this.retryPolicy,
      log: this.debug,
      signal,
    })
    return answer as Wire<T>
  }

  /**
   * The object, where the same write would change nothing of it any more: then it is as it was meant to be. The server
   * answers for the object as it is by then: where somebody wrote since it was read, as a Deployment's controller does after
   * each new template (it counts the revision in an annotation), the two tell nothing of each other, and both are asked anew.
   */
  async #unchangedBy<T>(call: WriteCall<T>, found: unknown): Promise<object | undefined> {
    const { exchange, resource, signal } = call
    const { metadata } = call.body as AnyObject
    const body = { ...call.body, metadata: { ...metadata, resourceVersion: undefined } }
    let current: unknown = found
    try {
      for (let attempt = 0; attempt < comparisons && current !== undefined; attempt += 1) {
        const would = await this.#write({ ...call, body, dryRun: true, isDeclarative: false })
        if (changedFields(current as object, would as object).length === 0) return current as object
        if (resourceVersionOf(would) === resourceVersionOf(current)) return undefined
        current = await this.find(resource, exchange.namespace, exchange.name ?? '', { signal })
      }
      this.debug(`${exchange.path}: whether it was executed cannot be told: it changes all the time`)
      return undefined
    } catch (error) {
      signal?.throwIfAborted()
      if (!isFailure(error) && !(error instanceof AmbiguousWrite)) throw error
      this.debug(`${exchange.path}: whether it was executed cannot be told: ${error.message}`)
      return undefined
    }
  }
}

interface WriteCall<T> extends CallOptions {
  readonly exchange: Exchange
  readonly resource: Resource<T>
  readonly body: object
  readonly repeatability: Repeatability
  readonly query?: Query
  readonly dryRun?: boolean
  /** It says how the object shall be, so that a second time changes nothing. */
  readonly isDeclarative?: boolean
  /** Turns a failure into an answer, or throws it. */
  readonly recover?: (error: unknown) => object
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
