import { getOctokit } from '@actions/github'
import { retry } from '@octokit/plugin-retry'
import { UserError } from '../errors.ts'

export type Octokit = ReturnType<typeof getOctokit>

/** One repository with the client that speaks for it. */
export interface Repository {
  readonly octokit: Octokit
  readonly owner: string
  readonly repo: string
}

/**
 * @param slug `owner/name`
 * @param apiUrl the API's address, which differs on GitHub Enterprise
 */
export function connectRepository(token: string, slug: string, apiUrl: string): Repository {
  const [owner, repo, ...rest] = slug.split('/')
  if (!owner || !repo || rest.length > 0)
    throw new UserError(`"${slug}" is not a repository.`, 'Name it as owner/name.')
  // What we send is safe to send twice: objects are named by content, and a ref that exists is looked at. The one
  // exception, opening an issue, switches the retries off for itself.
  return { octokit: getOctokit(token, { baseUrl: apiUrl }, retry), owner, repo }
}

interface RequestFailure {
  readonly status: number
  readonly message: string
  readonly response?: { readonly headers?: Readonly<Record<string, string | undefined>> }
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
  } catch (error) {
    if (!isRequestFailure(error)) throw error
    const grant = `Grant the job "permissions: ${permission}"; a called workflow gets no more than its caller grants.`
    if (error.status === 401) {
      throw new UserError(`${what} failed: the token is not valid (any more).`, 'Pass a valid token.', {
        cause: error,
      })
    }
    if (error.status === 403 && /rate limit/i.test(error.message)) {
      throw new UserError(`${what} failed: the API's rate limit is used up.`, 'Re-run the job later.', {
        cause: error,
      })
    }
    if (error.status === 403) {
      const accepted = error.response?.headers?.['x-accepted-github-permissions']
      const hint = accepted === undefined ? '' : ` (the API accepts: ${accepted})`
      throw new UserError(`${what} is not allowed: ${error.message}${hint}.`, grant, { cause: error })
    }
    if (error.status === 404) {
      throw new UserError(`${what} failed: not found, or hidden from this token.`, grant, { cause: error })
    }
    throw error
  }
}
