import type { Comparison, ForgeCommit } from './forge.ts'
import { asking, hasStatus, type Repository } from './octokit.ts'

const pageSize = 100

/** Five requests; a release of more commits than this is told by its number. */
const maxPages = 5

/** Of a comparison the API lists so many files and no more. */
const maxFiles = 300

/**
 * The commits that `to` has and `from` has not, oldest first. Undefined where the forge knows one of them no more, or
 * knows no common history.
 */
export async function commitsBetween(
  { octokit, owner, repo }: Repository,
  from: string,
  to: string,
  signal: AbortSignal,
): Promise<Comparison | undefined> {
  return asking(`Comparing ${from} with ${to}`, 'contents: read', async () => {
    const commits: ForgeCommit[] = []
    const files: string[] = []
    try {
      for (let page = 1; ; page += 1) {
        const { data } = await octokit.rest.repos.compareCommitsWithBasehead({
          owner,
          repo,
          basehead: `${from}...${to}`,
          per_page: pageSize,
          page,
          request: { signal },
        })
        // Only the first page has them.
        files.push(...(data.files ?? []).map(({ filename }) => filename))
        commits.push(
          ...data.commits.map(({ sha, commit: { message }, parents }) => ({
            sha,
            message,
            isMerge: parents.length > 1,
          })),
        )
        const isLast = data.commits.length === 0 || commits.length >= data.total_commits || page === maxPages
        if (isLast) {
          return {
            commits,
            total: data.total_commits,
            missing: data.behind_by,
            files,
            areAllFiles: files.length < maxFiles,
          }
        }
      }
    } catch (error) {
      if (hasStatus(error, 404, 422)) return undefined
      throw error
    }
  })
}
