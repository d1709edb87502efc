import { ApiError, notFound, unprocessable } from '../errors.ts'
import { readCommit, readCommits } from '../git/commits.ts'
import type { Commit } from '../git/commits.ts'
import { commitsBetween, diff, log, mergeBase } from '../git/history.ts'
import type { Git } from '../git/process.ts'
import { defaultBranch, resolveCommit } from '../git/refs.ts'
import type { Routes } from '../operation.ts'
import { paginate } from '../paging.ts'
import { changedFile, commitSummary, commitWithFiles } from '../representations/commit.ts'
import type { State } from '../state.ts'

/** A comparison lists so many commits on a page unless `per_page` says other, and so many files at all. */
const comparisonPageSize = 250
const maxComparisonFiles = 300

/** Commits and what lies between two of them. */
export const commits = {
  'GET /repos/{owner}/{repo}/commits': async (request, github) => {
    const { git, state } = github
    const { sha: from, path, since, until, author } = request.query
    const start = await resolveCommit(git, from ?? (await defaultBranch(git)))
    if (start === undefined) throw notFound()
    const shas = await log(git, start, { path, since, until })
    const wanted = author === undefined ? shas : await writtenBy(git, state, shas, author)
    const { items, headers } = paginate(request, wanted)
    const body = (await readCommits(git, items)).map((commit) => commitSummary(github, commit))
    return { status: 200, body, headers }
  },

  'GET /repos/{owner}/{repo}/commits/{ref}': async ({ path, format }, github) => {
    const commit = await commitOf(github.git, path.ref)
    if (commit === undefined) throw unprocessable(`No commit found for SHA: ${path.ref}`)
    if (format === 'sha') {
      return {
        status: 200,
        raw: Buffer.from(commit.sha),
        contentType: 'application/vnd.github.sha; charset=utf-8',
      }
    }
    return { status: 200, body: await commitWithFiles(github, commit) }
  },

  'GET /repos/{owner}/{repo}/compare/{basehead}': async (request, github) => {
    const { git, links } = github
    const { basehead } = request.path
    const [base, head] = await Promise.all(splitBasehead(basehead).map((name) => commitOf(git, name)))
    if (base === undefined || head === undefined) throw notFound()
    const ancestorSha = await mergeBase(git, base.sha, head.sha)
    const ancestor = ancestorSha === undefined ? undefined : await readCommit(git, ancestorSha)
    if (ancestor === undefined)
      throw new ApiError(404, `No common ancestor between ${basehead.replace('...', ' and ')}.`)
    const ahead = await commitsBetween(git, base.sha, head.sha)
    const behind = await commitsBetween(git, head.sha, base.sha)
    const { items, headers } = paginate(request, ahead, comparisonPageSize)
    const isFirstPage = (request.query.page ?? 1) <= 1
    const files = isFirstPage ? await diff(git, ancestor.sha, head.sha) : []
    const page = links.html(`compare/${encodeURIComponent(basehead)}`)
    const body = {
      url: links.api(`compare/${encodeURIComponent(basehead)}`),
      html_url: page,
      permalink_url: links.html(`compare/${base.sha}...${head.sha}`),
      diff_url: `${page}.diff`,
      patch_url: `${page}.patch`,
      base_commit: commitSummary(github, base),
      merge_base_commit: commitSummary(github, ancestor),
      status: relation(ahead.length, behind.length),
      ahead_by: ahead.length,
      behind_by: behind.length,
      total_commits: ahead.length,
      commits: (await readCommits(git, items)).map((commit) => commitSummary(github, commit)),
      files: files.slice(0, maxComparisonFiles).map((file) => changedFile(links, head.sha, file)),
    }
    return { status: 200, body, headers }
  },
} satisfies Routes

async function commitOf(git: Git, revision: string): Promise<Commit | undefined> {
  const sha = await resolveCommit(git, revision)
  return sha === undefined ? undefined : readCommit(git, sha)
}

function splitBasehead(basehead: string): [string, string] {
  const dots = basehead.indexOf('...')
  if (dots === -1) throw notFound()
  return [basehead.slice(0, dots), basehead.slice(dots + 3)]
}

function relation(ahead: number, behind: number): 'identical' | 'ahead' | 'behind' | 'diverged' {
  if (ahead > 0) return behind > 0 ? 'diverged' : 'ahead'
  return behind > 0 ? 'behind' : 'identical'
}

/** GitHub takes a login or an address. */
async function writtenBy(git: Git, state: State, shas: string[], author: string): Promise<string[]> {
  const isAuthor = ({ email }: { email: string }): boolean =>
    email === author || state.users.byEmail(email)?.login.toLowerCase() === author.toLowerCase()
  return (await readCommits(git, shas))
    .filter((commit) => isAuthor(commit.author))
    .map((commit) => commit.sha)
}
