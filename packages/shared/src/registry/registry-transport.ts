import { Agent, ProxyAgent, type Dispatcher } from 'undici'
import { abortable } from '../cluster/abortable.ts'
import { codeOf } from '../cluster/error-code.ts'
import { proxyFor, type Environment } from '../cluster/proxy.ts'
import type { ImageAnswer } from './image-registry.ts'

/** Why no answer came, as an answer about the image. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer'
  readonly answer: ImageAnswer

  constructor(result: 'not-asked' | 'failing', why: string, options?: ErrorOptions) {
    super(why, options)
    this.answer = { result, why }
  }
}

export interface RegistryRequest {
  readonly method: 'GET' | 'HEAD' | 'POST'
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

export interface RegistryResponse {
  readonly status: number
  header(name: string): string | undefined
  /** Small ones only: more than 1 MiB is cut. */
  text(): Promise<string>
}

export interface TransportOptions {
  readonly env: Environment
  /** Certificate authorities beside those that Node trusts. */
  readonly ca?: string
  /** How long one request may take. */
  readonly attemptMs: number
}

const mostRedirects = 5
const mostBytes = 1 << 20

/** HTTP to registries and to their token servers. Redirects are followed, but never with what proves who asks. */
export class RegistryTransport {
  readonly #options: TransportOptions
  readonly #dispatchers = new Map<string, Dispatcher>()

  constructor(options: TransportOptions) {
    this.#options = options
  }

  /** @throws NoAnswer; the signal's reason where that is aborted */
  async send(request: RegistryRequest, signal: AbortSignal): Promise<RegistryResponse> {
    let { url, headers }: Pick<RegistryRequest, 'url' | 'headers'> = request
    for (let redirects = 0; redirects <= mostRedirects; redirects += 1) {
      const response = await this.#once({ ...request, url, headers }, signal)
      const location = response.header('location')
      if (![301, 302, 303, 307, 308].includes(response.status) || location === undefined) return response
      const next = URL.parse(location, url.href)
      if (next === null || !isAsSafe(next, url))
        throw new NoAnswer('not-asked', 'redirects to an address that is not safe')
      if (next.origin !== url.origin) {
        const { authorization: _, ...rest } = headers
        headers = rest
      }
      url = next
    }
    throw new NoAnswer('not-asked', `redirects more than ${mostRedirects} times`)
  }

  /** Ends every connection, so that the process can end. */
  async close(): Promise<void> {
    await Promise.all([...this.#dispatchers.values()].map((dispatcher) => dispatcher.destroy()))
  }

  async #once(
    { method, url, headers, body }: RegistryRequest,
    signal: AbortSignal,
  ): Promise<RegistryResponse> {
    const { attemptMs } = this.#options
    const timeout = AbortSignal.timeout(attemptMs)
    const either = AbortSignal.any([signal, timeout])
    const failed = (error: unknown): unknown => {
      if (signal.aborted) return signal.reason
      if (timeout.aborted) return new NoAnswer('failing', `did not answer within ${attemptMs / 1000} s`)
      return explain(error)
    }
    try {
      const requesting = this.#dispatcher(url).request({
        origin: url.origin,
        path: `${url.pathname}${url.search}`,
        method,
        headers,
        body: body ?? null,
        signal: either,
      })
      // undici looks at the signal only once there is a connection, which may take its whole timeout.
      const answer = await abortable(requesting, either)
      const text = await readText(answer.body)
      return {
        status: answer.statusCode,
        header: (name) => [answer.headers[name]].flat()[0],
        text: () => Promise.resolve(text),
      }
    } catch (error) {
      throw failed(error)
    }
  }

  #dispatcher(url: URL): Dispatcher {
    const known = this.#dispatchers.get(url.origin)
    if (known !== undefined) return known
    const { env, ca, attemptMs } = this.#options
    const connect = { ...(ca !== undefined && { ca }), timeout: Math.ceil(attemptMs / 2) }
    const proxy = proxyFor(url, undefined, env)
    const dispatcher =
      proxy === undefined ? new Agent({ connect }) : new ProxyAgent({ uri: proxy, requestTls: connect })
    this.#dispatchers.set(url.origin, dispatcher)
    return dispatcher
  }
}

/** From https only to https. */
function isAsSafe(next: URL, before: URL): boolean {
  return next.protocol === 'https:' || (next.protocol === 'http:' && before.protocol === 'http:')
}

async function readText(body: AsyncIterable<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true })
    if (text.length > mostBytes) break
  }
  return text
}

const unreachable: Readonly<Record<string, string>> = {
  ENOTFOUND: 'has a name that does not exist here',
  EAI_AGAIN: 'has a name that cannot be resolved here',
  ECONNREFUSED: 'refuses connections from here',
  EHOSTUNREACH: 'is not reachable from here',
  ENETUNREACH: 'is not reachable from here',
  ETIMEDOUT: 'is not reachable from here',
  UND_ERR_CONNECT_TIMEOUT: 'is not reachable from here',
}
const certificate =
  /^(CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|ERR_TLS_|ERR_SSL_|ERR_OSSL_|EPROTO$|UND_ERR_PRX_TLS$)/u
const cutOff = new Set([
  'ECONNRESET',
  'EPIPE',
  'UND_ERR_SOCKET',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
])

/** Whether it is this machine that cannot ask, or the registry that does not answer. Nothing of the request is repeated. */
function explain(error: unknown): NoAnswer {
  const [inner = error] = error instanceof AggregateError ? (error.errors as unknown[]) : []
  const code = codeOf(error) ?? codeOf(inner) ?? 'UNKNOWN'
  const options = { cause: error }
  const why = unreachable[code]
  if (why !== undefined) return new NoAnswer('not-asked', why, options)
  if (certificate.test(code))
    return new NoAnswer('not-asked', `has a certificate that is not trusted here (${code})`, options)
  if (cutOff.has(code)) return new NoAnswer('failing', 'broke the connection off', options)
  return new NoAnswer('not-asked', `could not be asked (${code})`, options)
}
