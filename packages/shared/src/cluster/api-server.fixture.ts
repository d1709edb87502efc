import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:https'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { TLSSocket, type PeerCertificate } from 'node:tls'
import { join } from 'node:path'
import { connect, type KubernetesApi } from './api.ts'
import { silent } from '../ports.ts'
import type { ApiOptions } from './api-options.ts'
import { loadKubeconfig } from './kubeconfig.ts'

export interface Received {
  readonly method: string
  /** The path as it was sent, without the query. */
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingMessage['headers']
  readonly body: string
  /** The common name of the client's certificate. */
  readonly clientName: string | string[] | undefined
  /** Counts from 1. */
  readonly number: number
}

type Handler = (request: Received, response: ServerResponse) => void

/** An HTTPS server with its own certificate that misbehaves as the test says. */
export class ApiServer {
  readonly received: Received[] = []
  readonly sockets = new Set<Socket>()
  /** Every connection ever made. */
  connections = 0
  handler: Handler = (_, response) => response.writeHead(501).end()
  readonly #server: Server
  /** By the client's port. */
  readonly #connections = new Map<number, Socket>()
  readonly #authority: string

  private constructor(certificate: Certificate) {
    this.#authority = certificate.cert
    this.#server = createServer(
      { ...certificate, requestCert: true, rejectUnauthorized: false },
      (request, response) => void this.#receive(request, response),
    )
    this.#server.on('connection', (socket: Socket) => {
      const { remotePort = 0 } = socket
      this.#connections.set(remotePort, socket)
      socket.on('close', () => this.#connections.delete(remotePort))
    })
    this.#server.on('secureConnection', (socket: Socket) => {
      this.connections++
      this.sockets.add(socket)
      socket.on('close', () => this.sockets.delete(socket)).on('error', () => undefined)
    })
  }

  /** Listens on a free port, or on `port`. */
  static async start({ certificate = (ownCertificate ??= selfSigned()), port = 0 } = {}): Promise<ApiServer> {
    const server = new ApiServer(certificate)
    server.#server.listen(port, '127.0.0.1')
    await once(server.#server, 'listening')
    return server
  }

  get url(): string {
    return `https://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  kubeconfig({ user = {}, cluster = {} }: { user?: object; cluster?: object } = {}): string {
    const authority = Buffer.from(this.#authority).toString('base64')
    return JSON.stringify({
      clusters: [
        { name: 'c', cluster: { server: this.url, 'certificate-authority-data': authority, ...cluster } },
      ],
      users: [{ name: 'deployer', user: { token: 'first', ...user } }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'deployer' } }],
      'current-context': 'x',
    })
  }

  /** A client with short back-offs. */
  client(options: Partial<ApiOptions> = {}, kubeconfig = this.kubeconfig()): KubernetesApi {
    return connect(loadKubeconfig({ content: kubeconfig, env: {} }), {
      fieldManager: 'tester',
      userAgent: 'tests',
      log: silent,
      env: {},
      ...options,
      retry: { deadlineMs: 5_000, firstDelayMs: 1, longestDelayMs: 5, ...options.retry },
    })
  }

  /** Breaks the connection of an answer with RST, as a load balancer does that forgets it. */
  reset(response: ServerResponse): void {
    // What is below TLS: only that can be reset.
    const { remotePort = 0 } = response.socket ?? {}
    this.#connections.get(remotePort)?.resetAndDestroy()
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = ''
    for await (const chunk of request.setEncoding('utf8') as AsyncIterable<string>) body += chunk
    const { method = '', url = '', headers } = request
    const [path = '', query = ''] = url.split('?')
    const number = this.received.length + 1
    const { socket } = request
    const client: Partial<PeerCertificate> = socket instanceof TLSSocket ? socket.getPeerCertificate() : {}
    const clientName = client.subject?.CN
    const received = { method, path, query: new URLSearchParams(query), headers, body, clientName, number }
    this.received.push(received)
    this.handler(received, response)
  }
}

interface Certificate {
  readonly key: string
  readonly cert: string
}

/** Made once: openssl takes longer than most tests. */
let ownCertificate: Certificate | undefined

/** A certificate for 127.0.0.1 that is its own authority. */
export function selfSigned(commonName = 'api'): Certificate {
  const directory = mkdtempSync(join(tmpdir(), 'certificate-'))
  try {
    const [key, cert] = [join(directory, 'key.pem'), join(directory, 'cert.pem')]
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
    const names = ['-subj', `/CN=${commonName}`, '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '1']
    execFileSync('openssl', ['req', '-x509', ...curve, ...names, '-keyout', key, '-out', cert], {
      stdio: 'pipe',
    })
    return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') }
  } finally {
    rmSync(directory, { recursive: true })
  }
}

export function answer(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
}

/** A `meta/v1` Status, as the API server refuses with. */
export function status(code: number, reason: string, message: string, details?: object) {
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', code, reason, message, details }
}

export function configMap(name: string, resourceVersion: string, data: Record<string, string> = {}) {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'team', resourceVersion }, data }
}

export function listOf(items: unknown[], resourceVersion: string, next?: string) {
  return { kind: 'List', apiVersion: 'v1', metadata: { resourceVersion, continue: next }, items }
}

/** Waits until `condition` holds. */
export async function eventually(condition: () => boolean, withinMs = 4_000): Promise<void> {
  const deadline = performance.now() + withinMs
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`not within ${withinMs} ms: ${condition.toString()}`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}
