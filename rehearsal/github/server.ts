import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { githubContract } from './contract.ts'
import { answer } from './exchange.ts'
import type { Incoming } from './exchange.ts'
import { gitIn } from './git/process.ts'
import { Links } from './links.ts'
import { failed } from './outage.ts'
import { State } from './state.ts'
import type { OnDispatch } from './state.ts'

export interface GitHubOptions {
  /** The directory of the bare repository. */
  bare: string
  owner: string
  repo: string
  now?: () => Date
  /** A free port unless given. */
  port?: number
  /** Starts the run of a `workflow_dispatch`. */
  onDispatch?: OnDispatch
}

export interface LoggedRequest {
  method: string
  /** With the query. */
  path: string
  /** `METHOD /path/{template}`, where the request means an operation. */
  operation: string | undefined
  /** `undefined`: the client got no answer. */
  status: number | undefined
}

export interface GitHub {
  /** What GITHUB_API_URL is set to. */
  url: string
  /** Departures from GitHub's published description, by client or stand-in. A check asserts that there are none. */
  violations: string[]
  state: State
  requests: LoggedRequest[]
  /** Stops listening, breaks open connections and waits for the git processes that still run. */
  close(): Promise<void>
}

/** Starts the stand-in on 127.0.0.1. Throws where `bare` is no bare repository or the port is taken. */
export async function startGitHub(options: GitHubOptions): Promise<GitHub> {
  const git = gitIn(options.bare)
  const isBare = (await git(['rev-parse', '--is-bare-repository'])).stdout.toString().trim() === 'true'
  if (!isBare) throw new Error(`${options.bare} is no bare repository: make one with git init --bare.`)
  const contract = githubContract()
  const now = options.now ?? (() => new Date())
  const state = new State(options.owner, now, options.onDispatch ?? (() => undefined))
  const violations: string[] = []
  const requests: LoggedRequest[] = []
  const inFlight = new Set<Promise<void>>()
  const server = createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(options.port ?? 0, '127.0.0.1', resolve)
  })
  const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`
  const standIn = { git, state, links: new Links(url, options.owner, options.repo) }

  const exchange = async (message: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = '', url: target = '/' } = message
    const logged: LoggedRequest = { method, path: target, operation: undefined, status: undefined }
    requests.push(logged)
    if (!/^\/rate_limit(\?|$)/.test(target)) state.rateLimit.count()
    const fault = state.faults.take({ method, path: target })
    const failure = fault === undefined ? undefined : await failed(fault, target === '/graphql', response)
    if (failure === 'dropped') return
    const incoming = await receive(message)
    if (incoming === undefined) return
    const outgoing = failure ?? (await answer(incoming, contract, standIn))
    violations.push(...outgoing.violations)
    logged.operation = outgoing.operation
    if (fault?.kind === 'answer-lost') {
      response.destroy()
      return
    }
    logged.status = outgoing.status
    response.writeHead(outgoing.status, { ...commonHeaders(state, requests.length), ...outgoing.headers })
    response.end(outgoing.body)
  }
  server.on('request', (message: IncomingMessage, response: ServerResponse) => {
    const running = exchange(message, response).catch((error: unknown) => {
      violations.push(`${message.method ?? ''} ${message.url ?? ''}: ${String(error)}`)
      response.destroy()
    })
    inFlight.add(running)
    void running.finally(() => inFlight.delete(running))
  })

  const close = async (): Promise<void> => {
    const closed = new Promise((resolve) => server.close(resolve))
    server.closeAllConnections()
    await closed
    await Promise.all(inFlight)
  }
  return { url, violations, state, requests, close }
}

/** The whole request; `undefined` where the client goes away before its end. */
async function receive(message: IncomingMessage): Promise<Incoming | undefined> {
  const chunks: Buffer[] = []
  try {
    for await (const chunk of message as AsyncIterable<Buffer>) chunks.push(chunk)
  } catch {
    return undefined // nothing but the connection can fail here
  }
  const { method = '', url = '/', headers } = message
  return { method, target: url, headers, body: Buffer.concat(chunks) }
}

function commonHeaders(state: State, requestNumber: number): Record<string, string> {
  const { limit, used, remaining, reset } = state.rateLimit.snapshot()
  return {
    'x-github-request-id': String(requestNumber),
    'x-github-media-type': 'github.v3; format=json',
    'x-ratelimit-limit': String(limit),
    'x-ratelimit-used': String(used),
    'x-ratelimit-remaining': String(remaining),
    'x-ratelimit-reset': String(reset),
    'x-ratelimit-resource': 'core',
  }
}
