import type { z } from 'zod'
import type { Clock } from '../ports.ts'
import { abortable } from './abortable.ts'
import { ApiError, isFailure } from './api-error.ts'
import type { ApiRequest } from './api-request.ts'
import type { Credentials, Identity } from './credentials.ts'
import type { Exchange } from './exchange.ts'
import { Outage } from './outage.ts'
import { isTransient, parseRetryAfterMs } from './retry.ts'
import { parseStatus } from './status.ts'
import type { HttpAnswer, Transport, Upgraded } from './transport.ts'
import { TransportError } from './transport-error.ts'

/** A refusal's body is quoted up to here; a load balancer's error page says nothing more after it. */
const quotedCharacters = 2_000
const maxStatusBytes = 1024 * 1024

interface ConnectionParts {
  readonly transport: Transport
  readonly credentials: Credentials
  readonly userAgent: string
  readonly clock: Clock
  readonly log: (message: string) => void
  /** Where people read that the API server does not serve. */
  readonly tell: (message: string) => void
}

/** Requests with an identity: renewed once on 401, refusals as ApiError. Nothing is repeated here otherwise. */
export class Connection {
  readonly #parts: ConnectionParts
  readonly #life = new AbortController()
  readonly #outage: Outage

  constructor(parts: ConnectionParts) {
    this.#parts = parts
    this.#outage = new Outage(parts.clock, parts.tell)
  }

  /** The answer, whatever its status; a 401 has been tried again with renewed credentials where there are any. */
  async send(exchange: Exchange): Promise<HttpAnswer> {
    const { credentials, log } = this.#parts
    const answer = await this.#send(exchange, await this.#identity(exchange))
    if (answer.status !== 401) return answer
    if (!(await abortable(credentials.renew(this.#life.signal), exchange.signal))) return answer
    await answer.discard()
    log(`${exchange.method} ${exchange.path}: 401; again with renewed credentials`)
    return this.#send(exchange, await this.#identity(exchange))
  }

  /** The answer, if it is a success. */
  async request(exchange: Exchange): Promise<HttpAnswer> {
    try {
      const answer = await this.send(exchange)
      if (answer.status >= 200 && answer.status < 300) {
        this.#outage.served()
        return answer
      }
      const { text } = await answer.text(maxStatusBytes)
      throw await this.refusal(exchange, answer, text)
    } catch (error) {
      // A refusal is an answer, too.
      if (isFailure(error) && isTransient(error)) this.#outage.failed(error.message)
      else if (error instanceof ApiError) this.#outage.served()
      throw error
    }
  }

  /**
   * A connection of ours that speaks another protocol. Why it is refused is told by the same exchange without the change.
   */
  async upgrade(exchange: Exchange, protocol: string): Promise<Upgraded> {
    const { transport, userAgent } = this.#parts
    const identity = await this.#identity(exchange)
    const headers = { ...exchange.headers, 'user-agent': userAgent, ...identity.headers }
    const { signal } = exchange
    return transport.upgrade({ target: target(exchange), headers, signal }, protocol, identity.tls)
  }

  /** The answer's JSON. A cut or garbled one, or something else than expected, is a TransportError. */
  async json<T>(exchange: Exchange, schema: z.ZodType<T>): Promise<T> {
    const answer = await this.request(exchange)
    const { text } = await answer.text()
    try {
      return schema.parse(JSON.parse(text))
    } catch (cause) {
      const type = answer.header('content-type') ?? 'no content type'
      const problem = `the answer (${answer.status}, ${type}, ${text.length} characters) is not what was asked for`
      throw this.unanswered(exchange, 'INVALID_ANSWER', problem, cause)
    }
  }

  /** An exchange that ended without a usable answer. */
  unanswered(exchange: Exchange, code: string, problem: string, cause?: unknown): TransportError {
    const server = this.#parts.credentials.server.origin
    return new TransportError({ ...target(exchange), code, problem, server }, { cause })
  }

  /** The ApiError for an answer that is no success, with its body. */
  async refusal(exchange: Exchange, answer: HttpAnswer, body: string): Promise<ApiError> {
    const { credentials, clock } = this.#parts
    const tokenExpiresAt = answer.status === 401 ? tokenExpiry(await this.#identity(exchange)) : undefined
    return new ApiError({
      ...target(exchange),
      status: answer.status,
      body: parseStatus(body) ?? body.slice(0, quotedCharacters),
      retryAfterMs: parseRetryAfterMs(answer.header('retry-after'), clock.now()),
      server: credentials.server.origin,
      user: credentials.user,
      tokenExpiresAt,
      hasTokenExpired: tokenExpiresAt && tokenExpiresAt <= clock.now(),
    })
  }

  /** Ends every connection and a login under way, so that the process can end. */
  async close(): Promise<void> {
    this.#life.abort(new Error('the client has been closed'))
    await this.#parts.transport.close()
  }

  #identity({ signal }: Exchange): Promise<Identity> {
    // The login is shared: only our own end aborts it, and a caller's signal its waiting.
    return abortable(this.#parts.credentials.current(this.#life.signal), signal)
  }

  #send(exchange: Exchange, identity: Identity): Promise<HttpAnswer> {
    const { body, contentType, accept = 'application/json', isWatch = false, timeoutMs, signal } = exchange
    const { transport, userAgent } = this.#parts
    const headers = { ...exchange.headers, accept, 'user-agent': userAgent, ...identity.headers }
    const typed = contentType === undefined ? headers : { ...headers, 'content-type': contentType }
    return transport.send(
      { target: target(exchange), headers: typed, body, isWatch, timeoutMs, signal },
      identity.tls,
    )
  }
}

function target({ method, path, namespace, kind, name }: Exchange): ApiRequest {
  return { method, path, namespace, kind, name }
}

/** When a bearer token that is a JWT ends; undefined for other credentials. The token itself goes nowhere. */
function tokenExpiry({ headers }: Identity): Date | undefined {
  const payload = /^Bearer [\w-]+\.(?<payload>[\w-]+)\.[\w-]*$/.exec(String(headers.authorization))?.groups
    ?.payload
  if (payload === undefined) return undefined
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString())
    const isTimed =
      typeof claims === 'object' && claims !== null && 'exp' in claims && typeof claims.exp === 'number'
    return isTimed ? new Date(Number(claims.exp) * 1000) : undefined
  } catch {
    return undefined
  }
}
