import { describeAttempts, type ApiRequest, type Attempts } from './api-request.ts'
import type { Status, StatusDetails } from './status.ts'
import { TransportError } from './transport-error.ts'

interface ApiErrorFields extends ApiRequest {
  readonly status: number
  /** The server's Status, or the beginning of whatever body came. */
  readonly body?: Status | string | undefined
  readonly retryAfterMs?: number | undefined
  readonly server?: string | undefined
  /** The kubeconfig's name of the user, and, for a 401, when its token ends. */
  readonly user?: string | undefined
  readonly tokenExpiresAt?: Date | undefined
  readonly hasTokenExpired?: boolean | undefined
}

/** The API server answered, and the answer is no. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly fields: ApiErrorFields
  readonly status: number
  readonly reason: string | undefined
  readonly details: StatusDetails | undefined
  /** The server's own sentence; empty when it gave none. */
  readonly serverMessage: string
  readonly method: string
  readonly path: string
  readonly namespace: string | undefined
  /** How long the server asks to wait. */
  readonly retryAfterMs: number | undefined

  constructor(fields: ApiErrorFields, options?: ErrorOptions & { attempts?: Attempts }) {
    const body = typeof fields.body === 'object' ? fields.body : undefined
    const serverMessage = body?.message ?? (typeof fields.body === 'string' ? fields.body.trim() : '')
    const reason = body?.reason === undefined || body.reason === '' ? '' : ` ${body.reason}`
    super(
      `${fields.method} ${fields.path}: ${fields.status}${reason}${serverMessage && `: ${serverMessage}`}` +
        describeAttempts(options?.attempts),
      options,
    )
    this.fields = fields
    this.status = fields.status
    this.reason = body?.reason
    this.details = body?.details
    this.serverMessage = serverMessage
    this.method = fields.method
    this.path = fields.path
    this.namespace = fields.namespace
    const detail = body?.details?.retryAfterSeconds
    this.retryAfterMs =
      fields.retryAfterMs ?? (detail === undefined || detail === 0 ? undefined : detail * 1000)
  }

  get isNotFound(): boolean {
    return this.status === 404
  }

  /** Somebody else changed the object, or owns a field; an object that exists already is `isAlreadyExists`. */
  get isConflict(): boolean {
    return this.status === 409 && !this.isAlreadyExists
  }

  get isAlreadyExists(): boolean {
    return this.status === 409 && this.reason === 'AlreadyExists'
  }

  get isForbidden(): boolean {
    return this.status === 403
  }
}

/** The pod's port gave no answer. The API server did its part. */
export class PodUnreachable extends Error {
  override readonly name = 'PodUnreachable'
  readonly pod: string
  readonly port: number

  constructor(pod: string, port: number, problem: string, options?: ErrorOptions) {
    super(`port ${port} of pod ${pod} gave no answer: ${problem}`, options)
    this.pod = pod
    this.port = port
  }
}

/** The API server refused, or no usable answer came. */
export type Failure = ApiError | TransportError

export function isFailure(error: unknown): error is Failure {
  return error instanceof ApiError || error instanceof TransportError
}

/** What stood in the cluster after a write whose answer was lost. */
export interface ReadBack {
  /** `not-possible`: the object had no name yet. */
  readonly result: 'found' | 'absent' | 'failed' | 'not-possible'
  readonly current?: unknown
}

/**
 * A write went out and no answer came back: it may have been executed. It was not repeated, since that could
 * do it twice.
 */
export class AmbiguousWrite extends Error {
  override readonly name = 'AmbiguousWrite'
  readonly request: ApiRequest
  readonly readBack: ReadBack

  constructor(request: ApiRequest, readBack: ReadBack, cause: Failure) {
    super(`${request.method} ${request.path} may or may not have been executed: ${cause.message}`, { cause })
    this.request = request
    this.readBack = readBack
  }
}

/** The same failure, naming how often it was tried. */
export function withAttempts(error: Failure, attempts: Attempts): Failure {
  if (error instanceof ApiError) return new ApiError(error.fields, { cause: error, attempts })
  return new TransportError(error.fields, { cause: error.cause, attempts })
}
