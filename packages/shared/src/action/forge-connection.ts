import * as z from 'zod'
import type { Forge } from '../github/forge.ts'
import { GitHubForge } from '../github/github-forge.ts'
import type { RunFacts } from './environment.ts'
import { secret } from './input-types.ts'

/** The input by which an action speaks to GitHub. */
export const tokenInput = {
  token: secret(z.string(), { env: 'GITHUB_TOKEN' }).optional().describe('Token for the GitHub API.'),
}

/** The repository that the run belongs to; undefined in a terminal or without a token. */
export async function connectForge(token: string | undefined, run: RunFacts): Promise<Forge | undefined> {
  if (token === undefined || run.repository === undefined) return undefined
  const { connectRepository } = await import('../github/connect-repository.ts')
  return new GitHubForge(connectRepository(token, run.repository, run.apiUrl ?? 'https://api.github.com'))
}
