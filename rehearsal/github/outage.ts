import { setMaxListeners } from 'node:events'
import type { ServerResponse } from 'node:http'
import { ApiError } from './errors.ts'
import type { Outgoing } from './exchange.ts'
import type { Fault } from './state/faults.ts'

/** What a request meets in an outage: an answer; `dropped` where the client gets nothing; `undefined` where the request is carried out. */
export async function failed(
  fault: Fault,
  isGraphQl: boolean,
  response: ServerResponse,
): Promise<Outgoing | 'dropped' | undefined> {
  switch (fault.kind) {
    case 'answer-lost':
      return undefined
    case 'reset':
      response.destroy()
      return 'dropped'
    case 'hang':
      await connectionOrFaultEnds(fault.over, response)
      response.destroy()
      return 'dropped'
    case 'unavailable':
      return refusal(503, 'No server is currently available to service your request.')
    case 'forbidden':
      return isGraphQl ? graphQlRefusal() : refusal(403, 'Resource not accessible by integration')
    case 'rate-limit':
      return refusal(403, 'API rate limit exceeded for installation.', { 'x-ratelimit-remaining': '0' })
    case 'secondary-rate-limit':
      return refusal(
        403,
        'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.',
        { 'retry-after': String(fault.retryAfterSeconds) },
      )
  }
}

function connectionOrFaultEnds(over: AbortSignal, response: ServerResponse): Promise<void> {
  setMaxListeners(0, over) // as many as there are requests that hang
  return new Promise((resolve) => {
    const ended = (): void => {
      resolve()
    }
    if (over.aborted) ended()
    over.addEventListener('abort', ended, { once: true })
    response.once('close', ended)
  })
}

/** A query is answered with 200 whatever happens: what is not allowed stands among the errors. */
function graphQlRefusal(): Outgoing {
  const error = { type: 'FORBIDDEN', path: ['repository'], message: 'Resource not accessible by integration' }
  const body = Buffer.from(JSON.stringify({ data: { repository: null }, errors: [error] }))
  return { ...refusal(200, ''), body }
}

function refusal(status: number, message: string, headers: Record<string, string> = {}): Outgoing {
  const body = Buffer.from(JSON.stringify(new ApiError(status, message)))
  const type = { 'content-type': 'application/json; charset=utf-8' }
  return { status, headers: { ...type, ...headers }, body, operation: undefined, violations: [] }
}
