import { proxyFor, type Environment } from '../cluster/proxy.ts'
import { Transport } from '../cluster/transport.ts'
import { UserError } from '../errors.ts'
import { maxBodyBytes, type HttpEndpoint, type HttpQuestion, type HttpReply } from './http-endpoint.ts'

/** The same object for every request: another one would mean new connections. NODE_EXTRA_CA_CERTS is Node's own. */
const tls = { rejectUnauthorized: true }

export interface UrlEndpointOptions {
  /** The key of the runbook file that holds the address, for messages. */
  readonly key: string
  readonly headers: Readonly<Record<string, string>>
  /** For HTTPS_PROXY and NO_PROXY. */
  readonly env: Environment
}

/** A server at an address, with its path prefix if there is one. */
export class UrlEndpoint implements HttpEndpoint {
  readonly place: string
  readonly #headers: Readonly<Record<string, string>>
  readonly #transport: Transport

  /** @throws UserError where the address is none, or credentials would travel in the clear */
  constructor(address: string, { key, headers, env }: UrlEndpointOptions) {
    const url = httpUrl(address, key)
    if (url.protocol === 'http:' && !isLoopback(url) && 'authorization' in headers) {
      throw new UserError(
        `\`${key}\` is a plain http address: anybody on the way could read the credentials.`,
        'Use https, or a Service through the API server (`prometheus.service`).',
      )
    }
    this.place = `${url.origin}${url.pathname}`.replace(/\/$/, '')
    this.#headers = headers
    // A costly query is silent until it is done: only the time of the whole exchange ends it.
    this.#transport = new Transport(url, proxyFor(url, undefined, env), 0)
  }

  async ask({ path, parameters, asForm = false, timeoutMs, signal }: HttpQuestion): Promise<HttpReply> {
    const encoded = new URLSearchParams(parameters).toString()
    const query = asForm || encoded === '' ? '' : `?${encoded}`
    const answer = await this.#transport.send(
      {
        target: { method: asForm ? 'POST' : 'GET', path: `${path}${query}` },
        headers: {
          accept: 'application/json',
          'user-agent': 'runbook-actions',
          ...(asForm && { 'content-type': 'application/x-www-form-urlencoded' }),
          ...this.#headers,
        },
        body: asForm ? encoded : undefined,
        timeoutMs,
        signal,
      },
      tls,
    )
    const { text, truncated } = await answer.text(maxBodyBytes)
    return {
      status: answer.status,
      contentType: answer.header('content-type'),
      retryAfter: answer.header('retry-after'),
      body: text,
      truncated,
    }
  }

  close(): Promise<void> {
    return this.#transport.close()
  }
}

/** The value is not repeated in the message: a variable may hold anything. */
function httpUrl(address: string, key: string): URL {
  const url = URL.parse(address)
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    throw new UserError(
      `\`${key}\` is not an http address.`,
      'Set it, or the variable that it names, to an address that begins with http:// or https://.',
    )
  }
  if (url.username !== '' || url.password !== '') {
    throw new UserError(
      `The address of \`${key}\` holds a user or a password.`,
      'Take it out of the address; a Prometheus has keys of its own for it, `basic` and `bearer-token`.',
    )
  }
  return url
}

function isLoopback({ hostname }: URL): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.')
}
