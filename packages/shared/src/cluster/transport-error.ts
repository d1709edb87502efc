import { describeAttempts, type ApiRequest, type Attempts } from './api-request.ts'

interface TransportErrorFields extends ApiRequest {
  /**
   * Node's, OpenSSL's or undici's code (`ECONNREFUSED`, `CERT_HAS_EXPIRED`, …), or ours: INVALID_ANSWER,
   * NOT_CONNECTED (cut during the TLS handshake), PROXY_REFUSED and PROXY_FAILED (4xx, 5xx for CONNECT), SILENT
   * (nothing heard for a while), TIMEOUT (the deadline), CLOSED (by us).
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
