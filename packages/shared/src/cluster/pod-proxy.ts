import { PodUnreachable } from './api-error.ts'
import type { PodGetOptions } from './api-options.ts'
import type { Connection } from './connection.ts'
import { objectExchange, type Exchange } from './exchange.ts'
import { pods } from './resources.ts'
import { isTransient, withRetries, type RetryPolicy } from './retry.ts'
import { parseStatus } from './status.ts'
import { TransportError } from './transport-error.ts'

const defaultTimeoutMs = 10_000
const defaultMaxBytes = 1024 * 1024

/** What a pod's own HTTP server answered. */
export interface PodAnswer {
  readonly status: number
  readonly contentType: string | undefined
  readonly body: string
  /** The body was longer than `maxBytes`. */
  readonly truncated: boolean
}

interface PodGet {
  readonly namespace: string
  readonly pod: string
  readonly port: number
  /** With its query, if it has one. */
  readonly path: string
}

/**
 * `GET` on a pod through the API server's proxy. What the service answers, also an error, is the result. A Status
 * object is the API server speaking for itself: the port did not answer (PodUnreachable), or the request was
 * refused. Only what the API server or the way to it did is tried again, never the service.
 */
export function podGet(
  connection: Connection,
  { namespace, pod, port, path }: PodGet,
  options: PodGetOptions & { policy: RetryPolicy; log: (message: string) => void },
): Promise<PodAnswer> {
  const {
    timeoutMs: deadlineMs = defaultTimeoutMs,
    maxBytes = defaultMaxBytes,
    policy,
    log,
    signal,
  } = options
  const proxied = objectExchange('GET', pods, namespace, `${pod}:${port}`, 'proxy')
  // The URL parser folds "..", also when encoded, so that the path stays below the proxy.
  const { pathname, search } = new URL(path, 'http://pod')
  const exchange = { ...proxied, name: pod, path: `${proxied.path}${pathname}${search}`, accept: '*/*' }
  const attempt = async (timeoutMs: number): Promise<PodAnswer> => {
    try {
      return await getOnce(connection, { ...exchange, timeoutMs, signal }, port, maxBytes)
    } catch (error) {
      if (!(error instanceof TransportError) || !['TIMEOUT', 'SILENT'].includes(error.code)) throw error
      const silenceMs = error.code === 'SILENT' ? policy.silenceMs : deadlineMs
      throw new PodUnreachable(pod, port, `silence for ${silenceMs / 1000} s`, { cause: error })
    }
  }
  return withRetries(attempt, { policy: { ...policy, deadlineMs }, isRetriable: isTransient, log, signal })
}

async function getOnce(
  connection: Connection,
  exchange: Exchange,
  port: number,
  maxBytes: number,
): Promise<PodAnswer> {
  const answer = await connection.send(exchange)
  const { text: body, truncated } = await answer.text(maxBytes)
  const isRefusal = answer.status >= 400 && parseStatus(body)?.code === answer.status
  if (!isRefusal)
    return { status: answer.status, contentType: answer.header('content-type'), body, truncated }
  const refusal = await connection.refusal(exchange, answer, body)
  const problem = proxyFailure.exec(refusal.serverMessage)?.groups?.problem
  throw problem === undefined
    ? refusal
    : new PodUnreachable(exchange.name ?? '', port, problem, { cause: refusal })
}

/** "error trying to reach service: dial tcp 10.88.0.5:8000: connect: connection refused" */
const proxyFailure = /(?:error trying to reach service: |error dialing backend: )(?<problem>.*)/s
