import * as z from 'zod'

const causeSchema = z.object({
  reason: z.string().optional(),
  message: z.string().optional(),
  field: z.string().optional(),
})

const detailsSchema = z.object({
  name: z.string().optional(),
  group: z.string().optional(),
  kind: z.string().optional(),
  uid: z.string().optional(),
  retryAfterSeconds: z.number().optional(),
  causes: z.array(causeSchema).optional(),
})

/** How the API server says that something failed (`meta/v1` Status). */
export const statusSchema = z.object({
  kind: z.literal('Status'),
  apiVersion: z.literal('v1').optional(),
  message: z.string().optional(),
  reason: z.string().optional(),
  code: z.number().optional(),
  details: detailsSchema.optional(),
})

export type Status = z.infer<typeof statusSchema>
export type StatusDetails = z.infer<typeof detailsSchema>

/** The Status in a response body, if it is one. Proxies and load balancers answer with other things. */
export function parseStatus(body: string): Status | undefined {
  try {
    return statusSchema.safeParse(JSON.parse(body)).data
  } catch {
    return undefined
  }
}

/** What was asked of the server: it makes errors speak of objects, not of URLs. */
export interface ApiRequest {
  readonly method: string
  /** With the query. */
  readonly path: string
  readonly namespace?: string | undefined
  readonly kind?: string | undefined
  readonly name?: string | undefined
}

/** How often and how long something was tried before it was given up. */
export interface Attempts {
  readonly count: number
  readonly elapsedMs: number
}

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

interface TransportErrorFields extends ApiRequest {
  /**
   * Node's, OpenSSL's or undici's code (`ECONNREFUSED`, `CERT_HAS_EXPIRED`, …), or ours: INVALID_ANSWER,
   * NOT_CONNECTED (cut during the TLS handshake), PROXY_REFUSED and PROXY_FAILED (4xx, 5xx for CONNECT), SILENT
   * (a watch), TIMEOUT (the deadline), CLOSED (by us).
   */
  readonly code: string
  /** Scheme, host and port. */
  readonly server: string
  readonly problem: string
}

/** No usable answer came: the connection failed, timed out, or the answer was cut short. */
export class TransportError extends Error {
  override readonly name = 'TransportError'
  readonly fields: TransportErrorFields
  readonly code: string
  readonly server: string
  readonly attempts: Attempts | undefined

  constructor(fields: TransportErrorFields, options?: ErrorOptions & { attempts?: Attempts }) {
    super(
      `${fields.method} ${fields.server}${fields.path}: ${fields.problem}${describeAttempts(options?.attempts)}`,
      options,
    )
    this.fields = fields
    this.attempts = options?.attempts
    this.code = fields.code
    this.server = fields.server
  }

  /** TLS was refused by one side: trying again cannot help. */
  get isCertificateProblem(): boolean {
    return certificateCodes.test(this.code)
  }

  /** The connection never stood, so that the server has not seen the request. */
  get wasNeverSent(): boolean {
    return this.isCertificateProblem || neverSentCodes.has(this.code)
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

/** Node's verification codes (X509_V_ERR_…), and alerts by which the server refuses ours. */
const certificateCodes =
  /^(CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|ERR_TLS_|ERR_SSL_|ERR_OSSL_|EPROTO$|INVALID_(CA|PURPOSE)$|HOSTNAME_MISMATCH$|PATH_LENGTH_EXCEEDED$|UND_ERR_PRX_TLS$)/

const neverSentCodes = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_PRX_CONN',
  'NOT_CONNECTED',
  'PROXY_FAILED',
  'PROXY_REFUSED',
  'UND_ERR_INVALID_ARG',
  'CLOSED',
])

function describeAttempts(attempts: Attempts | undefined): string {
  if (attempts === undefined || attempts.count < 2) return ''
  return ` (given up after ${attempts.count} attempts in ${(attempts.elapsedMs / 1000).toFixed(1)} s)`
}
