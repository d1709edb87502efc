import type { OpenIssue } from './forge.ts'
import { asking, type Repository } from './octokit.ts'

/** The newest open issues with a label, 100 at most: one is enough to know, and a hundred to tell. */
export async function openIssues(
  { octokit, owner, repo }: Repository,
  label: string,
  signal: AbortSignal,
): Promise<readonly OpenIssue[]> {
  return asking(`Looking for open issues labelled "${label}"`, 'issues: read', async () => {
    const { data } = await octokit.rest.issues.listForRepo({
      owner,
      repo,
      state: 'open',
      labels: label,
      per_page: 100,
      request: { signal },
    })
    return data
      .filter((issue) => issue.pull_request === undefined)
      .map(({ number, title, html_url: url, created_at: at }) => ({
        number,
        title,
        url,
        openedAt: new Date(at),
      }))
  })
}
