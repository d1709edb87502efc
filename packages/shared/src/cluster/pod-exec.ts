import { randomBytes } from 'node:crypto'
import type { Duplex } from 'node:stream'
import { Receiver } from 'ws'
import type { z } from 'zod'
import { UserError } from '../errors.ts'
import { abortable } from './abortable.ts'
import type { PodExecOptions } from './api-options.ts'
import type { Connection } from './connection.ts'
import { objectExchange, type Exchange } from './exchange.ts'
import { withQuery } from './resource-path.ts'
import { pods } from './resources.ts'
import { statusSchema } from './status.ts'

/** The API server's way to carry several streams over one WebSocket: the first byte of a message names the stream. */
const protocol = 'v5.channel.k8s.io'
const channels = { stdout: 1, stderr: 2, status: 3 } as const

const defaultTimeoutMs = 10_000
const defaultMaxBytes = 1024 * 1024
/** More than the API server ever sends at once. */
const maxMessageBytes = 16 * 1024 * 1024
/** What is kept of what a program says on standard error: enough to tell why it failed. */
const maxErrorBytes = 4096

/** How a program ended, and what it wrote. */
export interface ProgramEnd {
  /** 0 where it succeeded. Undefined where it could not be started, or was not told. */
  readonly exitCode: number | undefined
  readonly stdout: string
  readonly stderr: string
  /** What Kubernetes says where it did not succeed; else empty. */
  readonly problem: string
}

interface PodExec {
  readonly namespace: string
  readonly pod: string
  readonly container: string
  readonly command: readonly string[]
}

/**
 * Runs a program in a container, as `kubectl exec` does, and returns how it ended. It gets no input.
 *
 * @throws ApiError where the API server refused, TransportError where the connection ended before the program
 */
export async function podExec(
  connection: Connection,
  { namespace, pod, container, command }: PodExec,
  { timeoutMs = defaultTimeoutMs, maxBytes = defaultMaxBytes, signal }: PodExecOptions,
): Promise<ProgramEnd> {
  const { path, ...about } = objectExchange('GET', pods, namespace, pod, 'exec')
  const query = { container, command, stdout: true, stderr: true }
  const timeout = AbortSignal.timeout(timeoutMs)
  const either = AbortSignal.any([timeout, ...(signal === undefined ? [] : [signal])])
  const exchange = { ...about, path: withQuery(path, query), signal: either }
  try {
    const socket =
      (await openSocket(connection, exchange)) ??
      // What was refused may have been old credentials.
      (await whyRefused(connection, exchange).then(() => openSocket(connection, exchange)))
    if (socket === undefined)
      throw connection.unanswered(exchange, 'NO_WEBSOCKET', 'the WebSocket was not let through')
    return await new Session(socket, maxBytes).end(either)
  } catch (error) {
    signal?.throwIfAborted()
    if (timeout.aborted)
      throw connection.unanswered(exchange, 'TIMEOUT', `the program did not end within ${timeoutMs / 1000} s`)
    if (error instanceof SessionCut) throw connection.unanswered(exchange, 'CUT', error.message)
    throw error
  }
}

/** A WebSocket's connection; undefined where it was refused, for a reason that is not told. */
async function openSocket(connection: Connection, exchange: Exchange): Promise<Duplex | undefined> {
  const headers = {
    'sec-websocket-version': '13',
    'sec-websocket-key': randomBytes(16).toString('base64'),
    'sec-websocket-protocol': protocol,
  }
  try {
    const { socket, header } = await connection.upgrade({ ...exchange, headers }, 'websocket')
    if (header('sec-websocket-protocol') === protocol) return socket
    socket.destroy()
    return undefined
  } catch (error) {
    exchange.signal?.throwIfAborted()
    // Whatever it is, the exchange without the upgrade meets it as well, and tells it.
    if (error instanceof UserError) throw error
    return undefined
  }
}

/**
 * Asks the same without the upgrade, because a refused WebSocket tells no reason. Returns where only the upgrade was missing:
 * the credentials were renewed meanwhile, or something on the way does not know WebSockets.
 */
async function whyRefused(connection: Connection, exchange: Exchange): Promise<void> {
  const answer = await connection.send(exchange)
  const { text } = await answer.text(defaultMaxBytes)
  if (answer.status === 400 && /upgrade/iu.test(text)) return
  throw await connection.refusal(exchange, answer, text)
}

class SessionCut extends Error {}

/** What comes over one WebSocket, to its end. Nothing is sent: the program gets no input. */
class Session {
  readonly #socket: Duplex
  readonly #maxBytes: number
  readonly #end = Promise.withResolvers<ProgramEnd>()
  readonly #stdout: Uint8Array[] = []
  readonly #stderr: Uint8Array[] = []
  #bytes = 0
  #errorBytes = 0

  constructor(socket: Duplex, maxBytes: number) {
    this.#socket = socket
    this.#maxBytes = maxBytes
    const cut = (): void => {
      this.#end.reject(new SessionCut('the connection ended before the program'))
    }
    const receiver = new Receiver({ isServer: false, maxPayload: maxMessageBytes })
    receiver.on('message', (data) => {
      if (data instanceof Uint8Array) this.#take(data)
    })
    receiver.on('conclude', cut)
    receiver.on('error', cut)
    socket.on('error', cut)
    socket.on('close', cut)
    socket.pipe(receiver)
  }

  /** How the program ended. */
  async end(signal: AbortSignal): Promise<ProgramEnd> {
    try {
      return await abortable(this.#end.promise, signal)
    } finally {
      this.#socket.destroy()
    }
  }

  #take(message: Uint8Array): void {
    const data = message.subarray(1)
    switch (message[0]) {
      case channels.stdout:
        this.#bytes += data.byteLength
        if (this.#bytes > this.#maxBytes)
          this.#end.reject(new SessionCut(`the program wrote more than ${this.#maxBytes} bytes`))
        else this.#stdout.push(data)
        return
      case channels.stderr:
        if (this.#errorBytes < maxErrorBytes) this.#stderr.push(data)
        this.#errorBytes += data.byteLength
        return
      case channels.status:
        this.#end.resolve(this.#ended(textOf([data])))
    }
  }

  /** @param text the Status with which Kubernetes ends a session */
  #ended(text: string): ProgramEnd {
    const status = sessionStatus(text)
    const written = { stdout: textOf(this.#stdout), stderr: textOf(this.#stderr).slice(0, maxErrorBytes) }
    if (status?.status === 'Success') return { exitCode: 0, problem: '', ...written }
    const code = status?.details?.causes?.find(({ reason }) => reason === 'ExitCode')?.message
    return {
      exitCode: code === undefined ? undefined : Number(code),
      problem: status?.message ?? text,
      ...written,
    }
  }
}

/** The kubelet's Status comes without its kind. */
const sessionStatusSchema = statusSchema.partial({ kind: true })

function sessionStatus(text: string): z.infer<typeof sessionStatusSchema> | undefined {
  try {
    return sessionStatusSchema.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}

function textOf(parts: readonly Uint8Array[]): string {
  return Buffer.concat(parts).toString()
}
