// A Prometheus or Alertmanager for tests that says and does what the test wants, over real HTTP.
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { silent, systemClock } from '../ports.ts'
import { MonitoringApi, type MonitoringApiOptions } from './monitoring-api.ts'
import { PrometheusApi } from './prometheus-api.ts'
import { UrlEndpoint } from './url-endpoint.ts'

export interface Asked {
  readonly method: string
  readonly path: string
  /** Of the query or of the form. */
  readonly parameters: URLSearchParams
  readonly headers: IncomingMessage['headers']
  /** Counts from 1. */
  readonly number: number
}

type Handler = (asked: Asked, response: ServerResponse) => void

export class MonitoringServer {
  readonly asked: Asked[] = []
  handler: Handler = (_, response) => response.writeHead(501).end()
  readonly #server: Server

  private constructor() {
    this.#server = createServer((request, response) => void this.#receive(request, response))
  }

  static async start(): Promise<MonitoringServer> {
    const server = new MonitoringServer()
    server.#server.listen(0, '127.0.0.1')
    await once(server.#server, 'listening')
    return server
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  /** A client with short waits. */
  api(options: Partial<MonitoringApiOptions> = {}, url = this.url): MonitoringApi {
    return new MonitoringApi({
      product: 'Prometheus',
      key: 'prometheus',
      endpoint: new UrlEndpoint(url, { key: 'prometheus.url', headers: {}, env: {} }),
      isProxied: false,
      timeoutMs: 2_000,
      retryForMs: 0,
      firstDelayMs: 1,
      clock: systemClock,
      log: silent,
      ...options,
    })
  }

  prometheus(options: Partial<MonitoringApiOptions> = {}): PrometheusApi {
    return new PrometheusApi(this.api(options))
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = ''
    for await (const chunk of request.setEncoding('utf8') as AsyncIterable<string>) body += chunk
    const [path = '', query = ''] = (request.url ?? '').split('?')
    const asked = {
      method: request.method ?? '',
      path,
      parameters: new URLSearchParams(request.method === 'POST' ? body : query),
      headers: request.headers,
      number: this.asked.length + 1,
    }
    this.asked.push(asked)
    this.handler(asked, response)
  }
}

export function answerJson(
  response: ServerResponse,
  body: unknown,
  status = 200,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
}

/** What a range query answers. */
export function matrix(
  ...result: readonly { metric: Record<string, string>; values: readonly (readonly [number, string])[] }[]
): unknown {
  return { status: 'success', data: { resultType: 'matrix', result } }
}
