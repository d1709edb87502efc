// A way to the API server on which requests meet faults: HTTP-aware, with TLS on both sides.
import { request as ask } from 'node:https'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { answer, ApiServer, status, type Received } from './api-server.fixture.ts'
import { codeOf } from './error-code.ts'

/**
 * How far an exchange gets before the fault: the request does not reach the API server; it does, and is executed, but
 * nothing of the answer comes back; or so many bytes of the answer do.
 */
export type Reach = 'request' | 'answer' | number

type Fault = (exchange: Exchanged) => Promise<void> | void

/** One request on its way. */
interface Exchanged {
  readonly received: Received
  readonly response: ServerResponse
  /** Asks the API server; `query` instead of the request's own. */
  readonly ask: (query?: URLSearchParams) => Promise<IncomingMessage>
  readonly breakOff: () => void
}

/** Answers with an error of the API server, or of a load balancer after the API server has executed the request. */
export function injectError(
  code: number,
  { retryAfterSeconds, reach = 'request' }: { retryAfterSeconds?: number; reach?: 'request' | 'answer' } = {},
): Fault {
  const headers = retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }
  return async ({ response, ask: askServer }) => {
    if (reach === 'answer') await whole(await askServer())
    answer(response, code, status(code, reasons[code] ?? 'InternalError', 'a fault of the test'), headers)
  }
}

const reasons: Readonly<Record<number, string>> = {
  410: 'Expired',
  429: 'TooManyRequests',
  503: 'ServiceUnavailable',
  504: 'Timeout',
}

/** Hands the request on after a while. */
export function delay(ms: number): Fault {
  return async ({ response, ask: askServer }) => {
    await sleep(ms)
    pass(await askServer(), response)
  }
}

/** Breaks the connection (RST). */
export function reset(reach: Reach): Fault {
  return (exchange) => upTo(reach, exchange, exchange.breakOff)
}

/** Says nothing (more), and keeps the connection. */
export function blackhole(reach: Reach): Fault {
  return (exchange) => upTo(reach, exchange, () => undefined)
}

/** Ends the answer in good order after so many bytes. */
export function truncate(bytes: number): Fault {
  return (exchange) => upTo(bytes, exchange, () => exchange.response.end())
}

/** Asks for a watch's history from the beginning: one that has been restarted has forgotten it, and says 410. */
export function outdate(): Fault {
  return async ({ received, response, ask: askServer }) => {
    const query = new URLSearchParams(received.query)
    query.set('resourceVersion', '1')
    pass(await askServer(query), response)
  }
}

/** Whether the nth request that fits a fault, counted from 1, meets it. */
type When = (call: number) => boolean
export const once: When = (call) => call === 1
export const everyTime: When = () => true
export const times =
  (count: number): When =>
  (call) =>
    call <= count
export const onCall =
  (number: number): When =>
  (call) =>
    call === number
export const everyNth =
  (number: number): When =>
  (call) =>
    call % number === 0

const reading = new Set(['GET', 'HEAD', 'OPTIONS'])
export const isWrite = ({ method }: Received): boolean => !reading.has(method)
export const isRead = ({ method, query }: Received): boolean => reading.has(method) && !query.has('watch')
export const isWatch = ({ query }: Received): boolean => query.has('watch')

/** A fault that has been put in the way. */
export interface Injected {
  /** How many requests have met it. */
  readonly met: number
}

interface Counting {
  met: number
  calls: number
  readonly fault: Fault
  readonly when: When
  readonly fits: (request: Received) => boolean
}

/** Stands before a real API server and hands every request on, but for those that meet a fault. */
export class FaultProxy {
  readonly #server: ApiServer
  readonly #upstream: { readonly server: string; readonly authority: string }
  #faults: Counting[] = []
  /** What the API server itself has answered. */
  readonly answers: { readonly to: Received; readonly status: number }[] = []

  private constructor(server: ApiServer, upstream: { server: string; authority: string }) {
    this.#server = server
    this.#upstream = upstream
    server.handler = (received, response) => void this.#meet(received, response)
  }

  /** @param upstream the URL of the API server and its certificate authority, in PEM */
  static async open(upstream: { server: string; authority: string }): Promise<FaultProxy> {
    return new FaultProxy(await ApiServer.start(), upstream)
  }

  /** Requests that have come, those included that met a fault. */
  get received(): readonly Received[] {
    return this.#server.received
  }

  /** A kubeconfig for whoever goes this way. */
  kubeconfig(user: object): string {
    return this.#server.kubeconfig({ user: { token: undefined, ...user } })
  }

  /** Puts a fault in the way of the requests that `fits` chooses. Of several that are due, the first one happens. */
  inject(fault: Fault, when: When, fits: (request: Received) => boolean): Injected {
    const counting = { met: 0, calls: 0, fault, when, fits }
    this.#faults.push(counting)
    return counting
  }

  /** Takes all faults out of the way; what has met one already stays as it is. */
  heal(): void {
    this.#faults = []
  }

  close(): Promise<void> {
    return this.#server.close()
  }

  async #meet(received: Received, response: ServerResponse): Promise<void> {
    const breakOff = (): void => this.#server.reset(response)
    const askServer = (query?: URLSearchParams) => this.#ask(received, response, query)
    const exchange = { received, response, ask: askServer, breakOff }
    const due = this.#faults.find((each) => each.fits(received) && each.when(++each.calls))
    if (due !== undefined) due.met++
    try {
      await (due?.fault ?? handOn)(exchange)
    } catch (error) {
      if (codeOf(error) === undefined) throw error
      // The API server is away, or broke the connection: so does whoever stands before it.
      breakOff()
    }
  }

  #ask(received: Received, response: ServerResponse, query = received.query): Promise<IncomingMessage> {
    const { method, path, headers, body } = received
    const { server, authority } = this.#upstream
    const url = new URL(`${path}${query.size > 0 ? `?${query.toString()}` : ''}`, server)
    const { host: _, connection: __, ...kept } = headers
    return new Promise((resolve, reject) => {
      // A connection each: one that an earlier request left behind would bring faults of its own.
      const asking = ask(url, { method, headers: kept, ca: authority, agent: false }, (answered) => {
        this.answers.push({ to: received, status: answered.statusCode ?? 0 })
        resolve(answered)
      })
      asking.on('error', reject)
      // A watch ends with whoever asked for it.
      response.on('close', () => asking.destroy())
      asking.end(body)
    })
  }
}

const handOn: Fault = async ({ response, ask: askServer }) => {
  pass(await askServer(), response)
}

function pass(answered: IncomingMessage, response: ServerResponse): void {
  response.writeHead(answered.statusCode ?? 502, endToEnd(answered))
  response.flushHeaders()
  answered.on('error', () => response.destroy())
  answered.pipe(response)
}

/** The headers without what is said of the connection: the client has another one. */
function endToEnd({ headers }: IncomingMessage): IncomingMessage['headers'] {
  const { connection: _, ...kept } = headers
  return kept
}

/** Resolves when the whole answer has come. */
async function whole(answered: IncomingMessage): Promise<void> {
  for await (const _ of answered) continue
}

async function upTo(reach: Reach, { response, ask: askServer }: Exchanged, happens: () => void) {
  if (reach === 'request') {
    happens()
    return
  }
  const answered = await askServer()
  if (reach === 'answer') {
    await whole(answered)
    happens()
    return
  }
  // Without its length, so that an end in good order is possible.
  const { 'content-length': _, ...headers } = endToEnd(answered)
  response.writeHead(answered.statusCode ?? 502, headers)
  let leftBytes = reach
  for await (const chunk of answered as AsyncIterable<Buffer>) {
    const part = chunk.subarray(0, leftBytes)
    leftBytes -= part.length
    await new Promise((resolve) => response.write(part, resolve))
    if (leftBytes === 0) break
  }
  happens()
}
