import type { Duplex } from 'node:stream'
import { Pool, ProxyAgent, type Dispatcher } from 'undici'
import { messageOf } from '../errors.ts'
import { abortable } from './abortable.ts'
import type { ApiRequest } from './api-request.ts'
import type { TlsMaterial } from './credentials.ts'
import { codeOf } from './error-code.ts'
import { TransportError } from './transport-error.ts'

const connectTimeoutMs = 10_000
/** Enough to read a few kinds at once; an action is one of many clients of its server. */
const requestConnections = 8
/** Below the idle timeouts of load balancers (60 s and up), so that no request is written to a dead socket. */
const keepAliveMs = 30_000

const silent = new Set(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT'])

/** So much of an unwanted body is read to keep its connection; more would cost more than a new one. */
const discardBytes = 64 * 1024

export interface HttpRequest {
  readonly target: ApiRequest
  readonly headers: Readonly<Record<string, string | string[]>>
  readonly body?: string | undefined
  /** A watch has its own connections, so that it never keeps a request waiting. */
  readonly isWatch?: boolean
  /** For the whole exchange, the body included. */
  readonly timeoutMs?: number | undefined
  readonly signal?: AbortSignal | undefined
}

export interface HttpAnswer {
  readonly status: number
  header(name: string): string | undefined
  /** The whole body; `maxBytes` cuts it there. */
  text(maxBytes?: number): Promise<{ text: string; truncated: boolean }>
  /** The body as it arrives. */
  chunks(): AsyncIterable<Uint8Array>
  /** Lets the rest of the body go. */
  discard(): Promise<void>
}

/** A connection that speaks another protocol from here on. */
export interface Upgraded {
  readonly socket: Duplex
  /** Of the answer that changed it over. */
  readonly header: (name: string) => string | undefined
}

/** The connections to one API server: a bounded pool for requests, another for watches; HTTP/1.1 (see `#open`). */
export class Transport {
  readonly #server: URL
  readonly #proxy: string | undefined
  readonly #silenceMs: number
  readonly #opened: Dispatcher[] = []
  #tls: TlsMaterial | undefined
  #requests: Dispatcher | undefined
  #watches: Dispatcher | undefined
  #closed = false

  /** @param silenceMs without a byte of an answer, its connection counts as dead; a watch has its own timer */
  constructor(server: URL, proxy: string | undefined, silenceMs: number) {
    this.#server = server
    this.#proxy = proxy
    this.#silenceMs = silenceMs
  }

  /** One exchange. Rejects with TransportError, or with the signal's reason when it is aborted. */
  async send(request: HttpRequest, tls: TlsMaterial): Promise<HttpAnswer> {
    const { target, signal, isWatch = false, timeoutMs } = request
    signal?.throwIfAborted()
    const dispatcher = this.#dispatcher(tls, isWatch, target)
    const prefix = this.#server.pathname.replace(/\/$/, '')
    const timeout = timeoutMs === undefined ? undefined : AbortSignal.timeout(Math.ceil(timeoutMs))
    const either = AbortSignal.any([signal, timeout].filter((one) => one !== undefined))
    const failed = (error: unknown): unknown => {
      if (signal?.aborted === true) return signal.reason
      if (silent.has(codeOf(error) ?? '')) {
        const problem = `nothing heard for ${this.#silenceMs / 1000} s`
        return this.#error({ code: 'SILENT', problem }, target, error)
      }
      if (timeout?.aborted !== true) return this.#error(describe(error), target, error)
      const problem = `no complete answer within ${((timeoutMs ?? 0) / 1000).toFixed(1)} s`
      return this.#error({ code: 'TIMEOUT', problem }, target)
    }
    try {
      const requesting = dispatcher.request({
        origin: this.#server.origin,
        method: target.method,
        path: `${prefix}${target.path}`,
        headers: request.headers,
        body: request.body ?? null,
        headersTimeout: this.#silenceMs,
        bodyTimeout: isWatch ? 0 : this.#silenceMs,
        signal: either,
      })
      // undici looks at the signal only once there is a connection, which may take its whole timeout.
      const answer = await abortable(requesting, either)
      return {
        status: answer.statusCode,
        header: (name) => [answer.headers[name]].flat()[0],
        text: (maxBytes) => readText(rethrowing(answer.body, failed), maxBytes),
        chunks: () => rethrowing(answer.body, failed),
        discard: () => answer.body.dump({ limit: discardBytes }).catch(() => undefined),
      }
    } catch (error) {
      throw failed(error)
    }
  }

  /**
   * Changes a connection over to another protocol. Rejects where the server does not, whatever it answers: the same request
   * without the change tells why.
   */
  async upgrade(
    { target, headers, signal }: Pick<HttpRequest, 'target' | 'headers' | 'signal'>,
    protocol: string,
    tls: TlsMaterial,
  ): Promise<Upgraded> {
    // Like a watch it keeps its connection to itself.
    const dispatcher = this.#dispatcher(tls, true, target)
    const prefix = this.#server.pathname.replace(/\/$/, '')
    const options = {
      // Missing in undici's type, and needed on the way through a proxy.
      origin: this.#server.origin,
      method: target.method,
      path: `${prefix}${target.path}`,
      headers,
      protocol,
      signal: signal ?? null,
    }
    const { socket, headers: answered } = await abortable(dispatcher.upgrade(options), signal)
    return { socket, header: (name) => [answered[name]].flat()[0] }
  }

  /** Ends every connection, also of requests under way, so that the process can end. */
  async close(): Promise<void> {
    this.#closed = true
    await Promise.all(this.#opened.map((dispatcher) => dispatcher.destroy()))
  }

  #dispatcher(tls: TlsMaterial, isWatch: boolean, target: ApiRequest): Dispatcher {
    if (this.#closed) throw this.#error({ code: 'CLOSED', problem: 'the client has been closed' }, target)
    if (this.#tls !== tls) {
      // A renewed client certificate needs new connections. Requests and watches under way end on the old ones.
      void this.#requests?.close()
      void this.#watches?.close()
      this.#requests = this.#watches = undefined
      this.#tls = tls
    }
    if (isWatch) return (this.#watches ??= this.#open(tls, null))
    return (this.#requests ??= this.#open(tls, requestConnections))
  }

  /**
   * HTTP/1.1 by intent: with HTTP/2 all requests and watches share one connection, which one lost packet stalls
   * and one GOAWAY ends (`--goaway-chance`, on in managed clusters); reads are no faster.
   */
  #open(tls: TlsMaterial, connections: number | null): Dispatcher {
    const timeouts = { keepAliveTimeout: keepAliveMs, keepAliveMaxTimeout: keepAliveMs }
    const connect = { ...tls, allowH2: false, timeout: connectTimeoutMs, keepAliveInitialDelay: 30_000 }
    const dispatcher =
      this.#proxy === undefined
        ? new Pool(this.#server.origin, { ...timeouts, connections, allowH2: false, connect })
        : new ProxyAgent({
            ...timeouts,
            uri: this.#proxy,
            connections,
            allowH2: false,
            requestTls: connect,
            connectTimeout: connectTimeoutMs,
            clientFactory: (url, options) => proxyPool(url, { ...options, headersTimeout: this.#silenceMs }),
          })
    this.#opened.push(dispatcher)
    return dispatcher
  }

  #error(what: { code: string; problem: string }, target: ApiRequest, cause?: unknown): TransportError {
    return new TransportError({ ...target, ...what, server: this.#server.origin }, { cause })
  }
}

type Connect = (options: Dispatcher.ConnectOptions) => Promise<Dispatcher.ConnectData>

/** The connections to a proxy. One that does not answer CONNECT has made no tunnel: the API server has seen nothing. */
function proxyPool(url: URL, options: Pool.Options): Pool {
  const pool = new Pool(url, options)
  const open: Connect = pool.connect.bind(pool)
  const connect: Connect = (to) =>
    open(to).catch((cause: unknown) => {
      if (!silent.has(codeOf(cause) ?? '')) throw cause
      throw Object.assign(new Error('the proxy does not answer', { cause }), { code: 'PROXY_FAILED' })
    })
  return Object.assign(pool, { connect })
}

function describe(error: unknown): { code: string; problem: string } {
  // A host with several addresses fails with one error for each.
  const [inner = error] = error instanceof AggregateError ? (error.errors as unknown[]) : []
  // An answer that was cut: undici leaves its error without the code that belongs to it.
  const isCut = error instanceof Error && error.name === 'HTTPParserError'
  const code = codeOf(error) ?? (isCut ? 'HPE_UNKNOWN' : 'UNKNOWN')
  const message = messageOf(inner)
  const proxyStatus = /Proxy response \((?<status>\d+)\)/.exec(message)?.groups?.status
  if (proxyStatus !== undefined) {
    return {
      code: proxyStatus < '500' ? 'PROXY_REFUSED' : 'PROXY_FAILED',
      problem: `the proxy answered ${proxyStatus}`,
    }
  }
  const isHandshakeCut = message.includes('before secure TLS connection was established')
  return { code: isHandshakeCut ? 'NOT_CONNECTED' : code, problem: message === '' ? code : message }
}

/** Decodes as it comes: of a big list, its bytes and its text never stand in memory together. */
async function readText(body: AsyncIterable<Uint8Array>, maxBytes = Number.POSITIVE_INFINITY) {
  const decoder = new TextDecoder()
  let text = ''
  let leftBytes = maxBytes
  for await (const chunk of body) {
    text += decoder.decode(chunk.subarray(0, leftBytes), { stream: true })
    leftBytes -= chunk.byteLength
    if (leftBytes < 0) return { text, truncated: true }
  }
  return { text: text + decoder.decode(), truncated: false }
}

async function* rethrowing(body: AsyncIterable<Uint8Array>, failed: (error: unknown) => unknown) {
  try {
    yield* body
  } catch (error) {
    throw failed(error)
  }
}
