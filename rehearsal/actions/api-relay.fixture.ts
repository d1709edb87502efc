// A way to the API server on which one write can meet an accident.
import { request as ask } from 'node:https'
import type { ServerResponse } from 'node:http'
import { ApiServer, type Received } from '../../packages/shared/src/cluster/api-server.fixture.ts'

const reading = new Set(['GET', 'HEAD', 'OPTIONS'])
const conflict = 409
/** The lock is renewed by the clock: its writes cannot be counted. */
const isLock = (path: string): boolean => path.includes('/leases')

/**
 * What happens at one of the writes: the relay counts them from 1, those of the lock aside, and those that are refused
 * because somebody else was faster (409): how many there are is up to the controllers.
 */
export interface Accident {
  readonly at: number
  /** Whether the API server gets the write. Its answer never comes back: the connection breaks. */
  readonly executed: boolean
  readonly happens: () => void
}

/** Hands every request on to the real API server, until the accident. */
export class ApiRelay {
  readonly #server: ApiServer
  readonly #upstream: { readonly server: string; readonly authority: string }
  /** Writes that came and were not refused as a conflict, as method and path. */
  readonly writes: string[] = []
  accident: Accident | undefined

  private constructor(server: ApiServer, upstream: { server: string; authority: string }) {
    this.#server = server
    this.#upstream = upstream
    server.handler = (received, response) => {
      this.#relay(received, response)
    }
  }

  static async open(upstream: { server: string; authority: string }): Promise<ApiRelay> {
    return new ApiRelay(await ApiServer.start(), upstream)
  }

  /** A kubeconfig for whoever goes this way. */
  kubeconfig(user: object): string {
    return this.#server.kubeconfig({ user })
  }

  close(): Promise<void> {
    return this.#server.close()
  }

  #relay(received: Received, response: ServerResponse): void {
    const isWrite = !reading.has(received.method) && !isLock(received.path)
    const number = isWrite ? this.writes.push(`${received.method} ${received.path}`) : undefined
    const accident = number !== undefined && this.accident?.at === number ? this.accident : undefined
    if (accident?.executed === false) {
      accident.happens()
      response.destroy()
    } else this.#handOn(received, response, accident, isWrite)
  }

  #handOn(
    { method, path, query, headers, body }: Received,
    response: ServerResponse,
    accident: Accident | undefined,
    isCounted: boolean,
  ): void {
    const { server, authority } = this.#upstream
    const url = new URL(`${path}${query.size > 0 ? `?${query.toString()}` : ''}`, server)
    const { host: _, connection: __, ...kept } = headers
    const upstream = ask(url, { method, headers: kept, ca: authority }, (answer) => {
      const isConflict = isCounted && answer.statusCode === conflict
      if (isConflict) this.writes.pop()
      else if (accident !== undefined) {
        answer.resume().on('end', () => {
          accident.happens()
          response.destroy()
        })
        return
      }
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    // A watch ends with whoever asked for it.
    response.on('close', () => upstream.destroy())
    upstream.on('error', () => response.destroy())
    upstream.end(body)
  }
}
