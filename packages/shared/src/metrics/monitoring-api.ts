import type { z } from 'zod'
import { ApiError, isFailure, type Failure } from '../cluster/api-error.ts'
import { isTransient, parseRetryAfterMs, withRetries } from '../cluster/retry.ts'
import { TransportError } from '../cluster/transport-error.ts'
import { UserError } from '../errors.ts'
import type { Clock, Logger } from '../ports.ts'
import { explainMonitoring, type MonitoringServer } from './explain-monitoring.ts'
import type { HttpEndpoint, HttpQuestion, HttpReply } from './http-endpoint.ts'

export interface MonitoringApiOptions {
  readonly product: MonitoringServer['product']
  /** The key of the runbook file that says where it is. */
  readonly key: string
  readonly endpoint: HttpEndpoint
  readonly isProxied: boolean
  /** For one exchange. */
  readonly timeoutMs: number
  /** After so long a failing question is not asked again. */
  readonly retryForMs: number
  /** The upper bound of the first wait; it doubles each time. */
  readonly firstDelayMs?: number
  readonly clock: Clock
  readonly log: Pick<Logger, 'debug'>
}

export type Question = Pick<HttpQuestion, 'path' | 'parameters' | 'asForm'>

const longestDelayMs = 10_000
const quotedCharacters = 2_000

/** Questions to a server of the team's monitoring: repeated while that can help, failures in words. */
export class MonitoringApi {
  readonly server: MonitoringServer
  readonly #options: MonitoringApiOptions

  constructor(options: MonitoringApiOptions) {
    const { product, key, endpoint, isProxied } = options
    this.server = { product, key, place: endpoint.place, isProxied }
    this.#options = options
  }

  /**
   * The answer's JSON.
   *
   * @throws UserError in words; QueryRejected where the question itself is wrong. When `signal` ends the waiting for an
   *   answer that did not come, what went wrong before it is said, rather than that it was ended.
   */
  async json<T>(question: Question, schema: z.ZodType<T>, signal: AbortSignal): Promise<T> {
    const { retryForMs, timeoutMs, firstDelayMs = 500, log } = this.#options
    const started = performance.now()
    let count = 0
    let last: Failure | undefined
    const attempt = async (): Promise<T> => {
      count += 1
      try {
        return await this.#once(question, schema, signal)
      } catch (error) {
        if (isFailure(error)) last = error
        throw error
      }
    }
    try {
      return await withRetries(attempt, {
        policy: { deadlineMs: retryForMs, firstDelayMs, longestDelayMs, silenceMs: timeoutMs },
        isRetriable: isTransient,
        log: (message) => log.debug(message),
        signal,
      })
    } catch (error) {
      if (last === undefined || (!isFailure(error) && !signal.aborted)) throw error
      throw explainMonitoring(last, this.server, { count, elapsedMs: performance.now() - started })
    }
  }

  close(): Promise<void> {
    return this.#options.endpoint.close()
  }

  async #once<T>(question: Question, schema: z.ZodType<T>, signal: AbortSignal): Promise<T> {
    const { endpoint, timeoutMs, clock } = this.#options
    const reply = await endpoint.ask({ ...question, timeoutMs, signal })
    const target = { method: 'GET', path: question.path, server: endpoint.place }
    if (reply.status < 200 || reply.status >= 300) {
      const retryAfterMs = parseRetryAfterMs(reply.retryAfter, clock.now())
      const body = reply.body.slice(0, quotedCharacters)
      throw new ApiError({ ...target, status: reply.status, body, retryAfterMs })
    }
    if (reply.truncated) throw this.#tooLong()
    try {
      return schema.parse(JSON.parse(reply.body))
    } catch (cause) {
      if (isPage(reply)) throw this.#pageInstead()
      const problem = `the answer (${reply.contentType ?? 'no content type'}, ${reply.body.length} characters) is not what was asked for`
      throw new TransportError({ ...target, code: 'INVALID_ANSWER', problem }, { cause })
    }
  }

  #tooLong(): UserError {
    return new UserError(
      `${this.server.product} at ${this.server.place} answers with more than 32 MB.`,
      'The query matches too many series: name labels that tell the pipeline’s own apart.',
    )
  }

  #pageInstead(): UserError {
    return new UserError(
      `${this.server.product} at ${this.server.place} answers with a web page: a login may stand before it.`,
      `Give \`${this.server.key}\` the address behind the login, and credentials for it.`,
    )
  }
}

function isPage({ contentType = '', body }: HttpReply): boolean {
  return contentType.includes('text/html') || /^\s*<(!doctype|html)/i.test(body)
}
