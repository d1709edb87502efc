// A registry for tests: it answers as the OCI distribution specification says, and misbehaves as the test says.
import { once } from 'node:events'
import {
  createServer as createPlain,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http'
import { createServer as createSecure } from 'node:https'
import type { AddressInfo } from 'node:net'

/** What it asks of whoever reads: nothing, a password each time, or a token. */
export type Guard = 'none' | 'basic' | 'token'

export const user = { username: 'robot$team', password: 'p4ss:word-ä' }
export const identityToken = 'refresh-0123456789'

interface Asked {
  readonly method: string
  readonly path: string
  readonly authorization: string | undefined
  readonly accept: string | undefined
  readonly body: string
}

type Misbehaviour = (request: IncomingMessage, response: ServerResponse) => boolean

export class TestRegistry {
  readonly asked: Asked[] = []
  /** Digest by `name:tag`; by the digest itself it is found as well. */
  readonly images = new Map<string, string>()
  guard: Guard = 'none'
  /** Whether the token server gives tokens to those who do not say who they are. */
  lets = false
  /** Answers in its stead where it returns true. */
  misbehaves: Misbehaviour = () => false
  readonly #server: Server
  readonly #scheme: string

  private constructor(certificate: { key: string; cert: string } | undefined) {
    const receive = (request: IncomingMessage, response: ServerResponse): void => {
      void this.#receive(request, response)
    }
    this.#server = certificate === undefined ? createPlain(receive) : createSecure(certificate, receive)
    this.#scheme = certificate === undefined ? 'http' : 'https'
  }

  static async start(certificate?: { key: string; cert: string }): Promise<TestRegistry> {
    const registry = new TestRegistry(certificate)
    registry.#server.listen(0, '127.0.0.1')
    await once(registry.#server, 'listening')
    return registry
  }

  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  get url(): string {
    return `${this.#scheme}://${this.host}`
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = ''
    for await (const chunk of request.setEncoding('utf8') as AsyncIterable<string>) body += chunk
    const { method = '', url = '', headers } = request
    const { authorization, accept } = headers
    this.asked.push({ method, path: url, authorization, accept, body })
    if (this.misbehaves(request, response)) return
    const { pathname, searchParams } = new URL(url, this.url)
    if (pathname === '/token') this.#token(request, searchParams, body, response)
    else this.#manifest(pathname, authorization, response)
  }

  #token(request: IncomingMessage, query: URLSearchParams, body: string, response: ServerResponse): void {
    const form = request.method === 'POST' ? new URLSearchParams(body) : query
    const { authorization } = request.headers
    const known =
      form.get('grant_type') === 'refresh_token'
        ? form.get('refresh_token') === identityToken
        : authorization === this.#basic || (authorization === undefined && this.lets)
    if (!known) {
      response.writeHead(401).end(JSON.stringify({ errors: [{ code: 'UNAUTHORIZED' }] }))
      return
    }
    response.writeHead(200).end(JSON.stringify({ token: `token for ${form.get('scope') ?? 'nothing'}` }))
  }

  #manifest(path: string, authorization: string | undefined, response: ServerResponse): void {
    const { name = '', reference = '' } =
      /^\/v2\/(?<name>.+)\/manifests\/(?<reference>.+)$/.exec(path)?.groups ?? {}
    const scope = `repository:${name}:pull`
    const wanted = { none: authorization, basic: this.#basic, token: `Bearer token for ${scope}` }[this.guard]
    if (authorization !== wanted) {
      const challenge =
        this.guard === 'basic'
          ? 'Basic realm="registry",service="test"'
          : `Bearer realm="${this.url}/token",service="registry.test",scope="${scope}"`
      response.writeHead(401, { 'www-authenticate': challenge }).end()
      return
    }
    const digest =
      this.images.get(`${name}:${reference}`) ?? [...this.images.values()].find((one) => one === reference)
    if (digest === undefined) response.writeHead(404).end()
    else response.writeHead(200, { 'docker-content-digest': digest, 'content-length': '512' }).end()
  }

  get #basic(): string {
    return `Basic ${Buffer.from(`${user.username}:${user.password}`).toString('base64')}`
  }
}
