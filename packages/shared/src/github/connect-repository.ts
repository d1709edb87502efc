import { getOctokit } from '@actions/github'
import { retry } from '@octokit/plugin-retry'
import { UserError } from '../errors.ts'
import type { Repository } from './octokit.ts'

/**
 * One repository with its client, which is 650 kB: import this file only lazily.
 *
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
