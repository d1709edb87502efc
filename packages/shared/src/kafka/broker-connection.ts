import { createConnection, isIP, type Socket } from 'node:net'
import { connect as connectTls, type ConnectionOptions } from 'node:tls'
import { UserError } from '../errors.ts'
import { PassingFailure } from './broker-error.ts'
import { explainConnection } from './connection-failure.ts'
import { apiVersions } from './questions.ts'
import { answerBody, frame, type Encoded, type Question } from './wire-format.ts'

const clientId = 'runbook-actions'

/** No answer that we ask for is nearly as large: more is not Kafka's protocol. */
const largestAnswer = 64 * 1024 * 1024

export interface Address {
  readonly host: string
  readonly port: number
}

export type VersionRanges = Readonly<
  Record<number, { readonly minVersion: number; readonly maxVersion: number }>
>

export interface ConnectionSettings {
  /** Undefined: not encrypted. */
  readonly tls: TlsSettings | undefined
  readonly connectTimeoutMs: number
  /** Logs in on a connection that is open. */
  readonly login?: (connection: BrokerConnection) => Promise<void>
}

/** What of Node's TLS options a runbook file can say. Certificates are always verified. */
export type TlsSettings = Pick<ConnectionOptions, 'ca' | 'cert' | 'key' | 'servername'>

interface Waiting {
  readonly apiName: string
  readonly resolve: (afterCorrelation: Buffer) => void
  readonly reject: (error: Error) => void
}

/**
 * One connection to one broker, for the time of a reading. Requests go out as they come and are answered in order.
 *
 * The protocol is kafkajs's; its own connection is not used: it wakes up each millisecond for as long as it lives,
 * with a warning of Node 24, cannot be aborted, and never tells that a broker hung up while it connected
 * (https://github.com/tulios/kafkajs/issues/1704, 1751; docs/decisions/0012-reading-lag.md).
 */
export class BrokerConnection {
  readonly address: Address
  readonly #socket: Socket
  readonly #waiting = new Map<number, Waiting>()
  #versions: VersionRanges = {}
  #received: Buffer[] = []
  #receivedBytes = 0
  #correlation = 0
  #ended: Error | undefined

  private constructor(address: Address, socket: Socket, encrypted: boolean) {
    this.address = address
    this.#socket = socket
    socket.on('data', (chunk) => {
      this.#receive(chunk)
    })
    socket.on('error', (error) => {
      this.#end(explainConnection(error, this.name, encrypted))
    })
    socket.on('close', () => {
      const asked = [...this.#waiting.values()].at(0)?.apiName ?? 'a request'
      this.#end(hungUp(this.name, asked, encrypted))
    })
  }

  /**
   * Connects, asks which requests the broker serves, and logs in.
   *
   * @param signal ends the connection whenever it aborts, not only while it is opened
   * @throws UserError for what will not pass by itself (certificates, passwords), PassingFailure for the rest
   */
  static async open(
    address: Address,
    settings: ConnectionSettings,
    signal: AbortSignal,
  ): Promise<BrokerConnection> {
    const socket = await connectSocket(address, settings, signal)
    const connection = new BrokerConnection(address, socket, settings.tls !== undefined)
    const abort = (): void => {
      connection.#end(ended(connection.name, signal))
    }
    signal.addEventListener('abort', abort, { once: true })
    socket.once('close', () => {
      signal.removeEventListener('abort', abort)
    })
    try {
      connection.#versions = { [apiVersions.apiKey]: { minVersion: 0, maxVersion: 0 } }
      const { errorCode, apiVersions: served } = await connection.ask(apiVersions)
      if (errorCode !== 0) throw new UserError(`${connection.name} does not say which requests it serves.`)
      connection.#versions = Object.fromEntries(served.map(({ apiKey, ...range }) => [apiKey, range]))
      await settings.login?.(connection)
      return connection
    } catch (error) {
      connection.close()
      throw error
    }
  }

  get name(): string {
    return addressText(this.address)
  }

  get versions(): VersionRanges {
    return this.#versions
  }

  /** Whether the broker knows this request in a version that we write. */
  serves(question: Question<unknown>): boolean {
    return this.#versionOf(question) !== undefined
  }

  /** @throws UserError where the broker is too old or too new, PassingFailure where the connection ends first */
  async ask<Answer>(question: Question<Answer>): Promise<Answer> {
    const version = this.#versionOf(question)
    if (version === undefined) throw this.#notServed(question)
    const encoded = question.inVersion(version)
    return encoded.answer(answerBody(encoded, await this.#exchange(question, version, encoded)))
  }

  /** Sends a request in a given version, and gives the bytes of its answer. */
  async exchange(
    request: { readonly apiKey: number; readonly apiVersion: number; readonly apiName: string },
    body: Buffer,
  ): Promise<Buffer> {
    return this.#exchange(request, request.apiVersion, { flexible: false, body: () => Promise.resolve(body) })
  }

  close(): void {
    this.#end(new PassingFailure(`The connection to ${this.name} is closed.`))
  }

  async #exchange(
    { apiKey, apiName }: Pick<Question<unknown>, 'apiKey' | 'apiName'>,
    version: number,
    encoded: Pick<Encoded<unknown>, 'flexible' | 'body'>,
  ): Promise<Buffer> {
    const body = await encoded.body()
    if (this.#ended !== undefined) throw this.#ended
    const correlation = this.#correlation++
    return new Promise((resolve, reject) => {
      this.#waiting.set(correlation, { apiName, resolve, reject })
      this.#socket.write(frame({ apiKey }, version, encoded, correlation, clientId, body))
    })
  }

  #versionOf(question: Question<unknown>): number | undefined {
    const served = this.#versions[question.apiKey]
    if (served === undefined) return undefined
    const version = Math.min(question.maxVersion, served.maxVersion)
    return version < Math.max(question.minVersion, served.minVersion) ? undefined : version
  }

  #notServed({ apiKey, apiName, minVersion, maxVersion }: Question<unknown>): UserError {
    const served = this.#versions[apiKey]
    const theirs =
      served === undefined ? 'does not serve it' : `serves ${served.minVersion} to ${served.maxVersion}`
    return new UserError(
      `Lag cannot be read from ${this.name}: of the request ${apiName} we write the versions ${minVersion} to ${maxVersion}, and the broker ${theirs}.`,
      'Brokers from Kafka 2.0 to 4.x are read. For others, read lag from an exporter: kafka.source: prometheus.',
    )
  }

  #receive(chunk: Buffer): void {
    this.#received.push(chunk)
    this.#receivedBytes += chunk.length
    while (this.#receivedBytes >= 4) {
      const first = this.#received[0]
      const buffer =
        this.#received.length === 1 && first !== undefined ? first : Buffer.concat(this.#received)
      const size = buffer.readInt32BE(0)
      if (size < 4 || size > largestAnswer) {
        this.#end(notKafka(this.name))
        return
      }
      this.#received = [buffer]
      if (buffer.length < 4 + size) return
      const rest = buffer.subarray(4 + size)
      this.#received = rest.length === 0 ? [] : [rest]
      this.#receivedBytes = rest.length
      this.#settle(buffer.readInt32BE(4), buffer.subarray(8, 4 + size))
    }
  }

  #settle(correlation: number, afterCorrelation: Buffer): void {
    const waiting = this.#waiting.get(correlation)
    if (waiting === undefined) {
      this.#end(notKafka(this.name))
      return
    }
    this.#waiting.delete(correlation)
    waiting.resolve(afterCorrelation)
  }

  #end(why: Error): void {
    if (this.#ended !== undefined) return
    this.#ended = why
    this.#socket.destroy()
    for (const { reject } of this.#waiting.values()) reject(why)
    this.#waiting.clear()
  }
}

/** `host:port`, as a runbook file writes it. */
export function addressText({ host, port }: Address): string {
  return isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`
}

/** Resolves once the socket is open, encrypted if it shall be. */
async function connectSocket(
  address: Address,
  { tls, connectTimeoutMs }: ConnectionSettings,
  signal: AbortSignal,
): Promise<Socket> {
  const { host, port } = address
  const name = addressText(address)
  if (signal.aborted) throw ended(name, signal)
  return new Promise((resolve, reject) => {
    const socket =
      tls === undefined
        ? createConnection({ host, port })
        : connectTls({ host, port, ...(isIP(host) === 0 && { servername: host }), ...tls })
    const opened = tls === undefined ? 'connect' : 'secureConnect'
    const settle = (): void => {
      clearTimeout(patience)
      signal.removeEventListener('abort', abort)
      socket.off(opened, open).off('error', failed).off('close', closed)
    }
    const open = (): void => {
      settle()
      socket.setNoDelay(true)
      resolve(socket)
    }
    const fail = (error: Error): void => {
      settle()
      // What a socket says after it was given up concerns nobody.
      socket.on('error', () => undefined)
      socket.destroy()
      reject(error)
    }
    const failed = (error: Error): void => {
      fail(explainConnection(error, name, tls !== undefined))
    }
    const closed = (): void => {
      fail(hungUp(name, 'the handshake', tls !== undefined))
    }
    const abort = (): void => {
      fail(ended(name, signal))
    }
    const patience = setTimeout(() => {
      fail(unreachable(name, connectTimeoutMs))
    }, connectTimeoutMs)
    signal.addEventListener('abort', abort, { once: true })
    socket.once(opened, open).once('error', failed).once('close', closed)
  })
}

function unreachable(name: string, timeoutMs: number): PassingFailure {
  return new PassingFailure(
    `${name} did not take a connection within ${timeoutMs / 1000} s.`,
    'Check the address and what is between the runner and the brokers: a firewall, a network policy, a VPN. Brokers that only the cluster reaches are read by a Job: kafka.source: job.',
  )
}

/** Why a signal ended a connection: time ran out, or nobody wants it any more. */
function ended(name: string, signal: AbortSignal): Error {
  const reason: unknown = signal.reason
  if (reason instanceof DOMException && reason.name === 'TimeoutError') {
    return new PassingFailure(
      `${name} did not answer in time.`,
      'Look at the load of the broker and the network to it, or allow more time: kafka.request-timeout.',
    )
  }
  return reason instanceof Error ? reason : new Error('aborted')
}

function hungUp(name: string, during: string, encrypted: boolean): PassingFailure {
  const next = encrypted
    ? 'A listener that wants a login or a client certificate hangs up like this: see kafka.sasl and kafka.tls.'
    : 'A listener that wants TLS or a login hangs up like this: see kafka.tls and kafka.sasl.'
  return new PassingFailure(`${name} hung up during ${during}.`, next)
}

function notKafka(name: string): UserError {
  return new UserError(
    `What ${name} answers is not Kafka’s protocol.`,
    'A listener that wants TLS answers like this (kafka.tls: true), and so does a port of something else.',
  )
}
