import type { getOctokit } from '@actions/github'
import * as z from 'zod'
import { UserError } from '../errors.ts'

export type Octokit = ReturnType<typeof getOctokit>

/** One repository with the client that speaks for it. */
export interface Repository {
  readonly octokit: Octokit
  readonly owner: string
  readonly repo: string
}

interface RequestFailure {
  readonly status: number
  readonly message: string
  readonly response?: { readonly headers?: Readonly<Record<string, string | undefined>> }
}

const queryFailureSchema = z.object({
  name: z.literal('GraphqlResponseError'),
  errors: z.array(z.object({ type: z.string().optional(), message: z.string() })).min(1),
})

/** A query is answered with 200 also where it is refused: this is the status that the other API would have given. */
const statusOfType: Readonly<Record<string, number>> = {
  FORBIDDEN: 403,
  INSUFFICIENT_SCOPES: 403,
  RATE_LIMIT: 403,
  RATE_LIMITED: 403,
  NOT_FOUND: 404,
}

/** The failure of a request, or of a query in the terms of a request; undefined for anything else. */
function requestFailureOf(error: unknown): RequestFailure | undefined {
  if (isRequestFailure(error)) return error
  const [refusal] = queryFailureSchema.safeParse(error).data?.errors ?? []
  const status = statusOfType[refusal?.type ?? '']
  return refusal === undefined || status === undefined ? undefined : { status, message: refusal.message }
}

/** True where the API answered with an error, or (status 500) could not be reached. */
export function isRequestFailure(error: unknown): error is RequestFailure {
  return error instanceof Error && 'status' in error && typeof error.status === 'number'
}

/** True where the API answered with one of these statuses. */
export function hasStatus(error: unknown, ...statuses: readonly number[]): boolean {
  return isRequestFailure(error) && statuses.includes(error.status)
}

/** True for 422 with a text that says so; the API has no code for these. */
export function isRefused(error: unknown, text: RegExp): boolean {
  return isRequestFailure(error) && error.status === 422 && text.test(error.message)
}

/**
 * Runs one piece of work against the API, and turns its refusals into what the reader can mend.
 *
 * @param what the work as a sentence's beginning: `Creating the tag v1.2.3-prod`
 * @param permission what the job must be granted: `contents: write`
 */
export async function asking<T>(what: string, permission: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    const error = requestFailureOf(cause)
    if (error === undefined) throw cause
    const grant = `Grant the job "permissions: ${permission}"; a called workflow gets no more than its caller grants.`
    if (error.status === 401) {
      throw new UserError(`${what} failed: the token is not valid (any more).`, 'Pass a valid token.', {
        cause,
      })
    }
    if ([403, 429].includes(error.status) && /rate limit/i.test(error.message)) {
      throw new UserError(`${what} failed: the API's rate limit is used up.`, 'Re-run the job later.', {
        cause,
      })
    }
    if (error.status === 403) {
      const accepted = error.response?.headers?.['x-accepted-github-permissions']
      const hint = accepted === undefined ? '' : ` (the API accepts: ${accepted})`
      throw new UserError(`${what} is not allowed: ${error.message}${hint}.`, grant, { cause })
    }
    if (error.status === 404) {
      throw new UserError(`${what} failed: not found, or hidden from this token.`, grant, { cause })
    }
    throw cause
  }
}
