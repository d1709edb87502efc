import { setTimeout as sleep } from 'node:timers/promises'
import { ApiError, isFailure, withAttempts, type Failure } from './api-error.ts'
import { TransportError } from './transport-error.ts'

export interface RetryPolicy {
  /** Nothing new is tried after this. */
  readonly deadlineMs: number
  /** The upper bound of the first wait; it doubles each time. */
  readonly firstDelayMs: number
  readonly longestDelayMs: number
  /** A try in which nothing is heard for so long is given up: its connection may be dead without saying so. */
  readonly silenceMs: number
}

export const defaultRetryPolicy: RetryPolicy = {
  deadlineMs: 60_000,
  firstDelayMs: 250,
  longestDelayMs: 8_000,
  // Three tries fit into the deadline. The API server itself lets no request wait for its turn that long.
  silenceMs: 20_000,
}

/** A try that is cut sooner would only hide what went wrong before. */
const shortestAttemptMs = 1_000

interface RetryOptions {
  readonly policy: RetryPolicy
  readonly isRetriable: (failure: Failure) => boolean
  readonly log: (message: string) => void
  readonly signal?: AbortSignal | undefined
}

/**
 * Runs `attempt` until it succeeds, fails for good, or the deadline leaves no room for another try. The attempt
 * is told how much time is left. A server's Retry-After is honoured. The last error says how often was tried.
 */
export async function withRetries<T>(
  attempt: (remainingMs: number) => Promise<T>,
  options: RetryOptions,
): Promise<T> {
  const { policy, isRetriable, log, signal } = options
  const started = performance.now()
  for (let count = 1; ; count++) {
    try {
      return await attempt(Math.max(1, policy.deadlineMs - (performance.now() - started)))
    } catch (failure) {
      if (!isFailure(failure)) throw failure
      const elapsedMs = performance.now() - started
      const waitMs = retryDelayMs(failure, count, policy)
      const roomMs = policy.deadlineMs - elapsedMs - waitMs
      if (!isRetriable(failure) || roomMs < Math.min(shortestAttemptMs, policy.deadlineMs / 4)) {
        throw count === 1 ? failure : withAttempts(failure, { count, elapsedMs })
      }
      log(`${failure.message}; attempt ${count + 1} in ${Math.round(waitMs)} ms`)
      await sleep(waitMs, undefined, { signal })
    }
  }
}

/** What the server asked for, else an exponential back-off with full jitter, so that clients do not return in step. */
export function retryDelayMs(
  failure: unknown,
  count: number,
  policy: Pick<RetryPolicy, 'firstDelayMs' | 'longestDelayMs'>,
): number {
  const jittered = Math.random() * Math.min(policy.longestDelayMs, policy.firstDelayMs * 2 ** (count - 1))
  const asked = failure instanceof ApiError ? failure.retryAfterMs : undefined
  return asked === undefined ? jittered : asked + Math.min(jittered, policy.firstDelayMs)
}

/** Reads may be repeated whenever another try can help: overload, an outage, a lost or broken answer. */
export function isTransient(failure: Failure): boolean {
  if (failure instanceof ApiError) return [429, 500, 502, 503, 504].includes(failure.status)
  return transientCodes.has(failure.code) || failure.code.startsWith('HPE_')
}

/** The server has certainly not executed the request: it was turned away at the door, or never arrived. */
export function wasNotExecuted(failure: Failure): boolean {
  if (failure instanceof TransportError) return failure.wasNeverSent && isTransient(failure)
  return failure.status === 429 || (failure.status === 503 && failure.retryAfterMs !== undefined)
}

/** ENOTFOUND is not here: a name that does not exist is a mistake in the kubeconfig far more often than an outage. */
const transientCodes = new Set([
  'ECONNRESET',
  'ECONNREFUSED',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'ENETDOWN',
  'EAI_AGAIN',
  'UND_ERR_SOCKET',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
  'UND_ERR_PRX_CONN',
  'INVALID_ANSWER',
  'NOT_CONNECTED',
  'PROXY_FAILED',
  'SILENT',
  'TIMEOUT',
])

/** Milliseconds of a Retry-After header: seconds, or an HTTP date. */
export function parseRetryAfterMs(header: string | undefined, now: Date): number | undefined {
  if (header === undefined) return undefined
  if (/^\d+$/.test(header.trim())) return Number(header) * 1000
  const until = Date.parse(header)
  return Number.isNaN(until) ? undefined : Math.max(0, until - now.getTime())
}
