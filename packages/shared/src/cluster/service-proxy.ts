import type { Connection } from './connection.ts'
import { objectExchange } from './exchange.ts'
import { services } from './resources.ts'
import { parseStatus } from './status.ts'

/** A `GET` on a Service's own HTTP server. */
export interface ServiceGet {
  readonly namespace: string
  readonly service: string
  readonly port: number
  /** What the server behind the Service speaks. */
  readonly scheme: 'http' | 'https'
  /** With its query, if it has one. */
  readonly path: string
  /** Sent on to the Service. Not `authorization`: the API server keeps that for itself. */
  readonly headers: Readonly<Record<string, string>>
  readonly timeoutMs: number
  /** The body is cut there. */
  readonly maxBytes: number
}

/** What a Service's own HTTP server answered. */
export interface ServiceAnswer {
  readonly status: number
  readonly contentType: string | undefined
  readonly retryAfter: string | undefined
  readonly body: string
  /** The body was longer than `maxBytes`. */
  readonly truncated: boolean
}

/**
 * `GET` on a Service through the API server's proxy, once: who asks knows how patient to be. What the server behind it
 * answers, also an error, is the result; where the API server speaks for itself that is an ApiError.
 */
export async function serviceGet(
  connection: Connection,
  { namespace, service, port, scheme, path, headers, timeoutMs, maxBytes }: ServiceGet,
  signal: AbortSignal,
): Promise<ServiceAnswer> {
  const target = scheme === 'https' ? `https:${service}:${port}` : `${service}:${port}`
  const proxied = objectExchange('GET', services, namespace, target, 'proxy')
  // The URL parser folds "..", also when encoded, so that the path stays below the proxy.
  const { pathname, search } = new URL(path, 'http://service')
  const exchange = {
    ...proxied,
    name: service,
    path: `${proxied.path}${pathname}${search}`,
    headers,
    timeoutMs,
    signal,
  }
  const answer = await connection.send(exchange)
  const { text: body, truncated } = await answer.text(maxBytes)
  if (answer.status >= 400 && parseStatus(body)?.code === answer.status)
    throw await connection.refusal(exchange, answer, body)
  return {
    status: answer.status,
    contentType: answer.header('content-type'),
    retryAfter: answer.header('retry-after'),
    body,
    truncated,
  }
}
