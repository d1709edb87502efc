import { found, unprocessable } from '../errors.ts'
import { diff, mergeBase } from '../git/history.ts'
import type { FileChange } from '../git/history.ts'
import { describeObjects } from '../git/objects.ts'
import type { Git } from '../git/process.ts'
import { resolveCommit } from '../git/refs.ts'
import { nodeId } from '../links.ts'
import type { Links } from '../links.ts'
import type { Routes, Schema } from '../operation.ts'
import { paginate } from '../paging.ts'
import { sum } from '../representations/commit.ts'
import { pullSummary } from '../representations/pull.ts'
import { association, simpleUser } from '../representations/user.ts'
import type { StandIn } from '../stand-in.ts'
import type { Pull, Review } from '../state/pulls.ts'

/** Pull requests and their reviews. */
export const pulls = {
  'GET /repos/{owner}/{repo}/pulls': async (request, github) => {
    const { state = 'open', head, base, sort = 'created', direction } = request.query
    const { owner } = github.links
    const listed = github.state.pulls
      .list()
      .filter((pull) => state === 'all' || pull.issue.state === state)
      .filter((pull) => head === undefined || head === `${owner}:${pull.head.ref}`)
      .filter((pull) => base === undefined || base === pull.base.ref)
    if (sort !== 'created') throw unprocessable(`the stand-in does not sort pull requests by ${sort}`)
    const ordered = direction === 'asc' ? listed.toReversed() : listed
    const { items, headers } = paginate(request, ordered)
    return { status: 200, body: await summaries(github, items), headers }
  },

  'GET /repos/{owner}/{repo}/commits/{commit_sha}/pulls': async (request, github) => {
    const sha = await resolveCommit(github.git, request.path.commit_sha)
    if (sha === undefined) throw unprocessable(`No commit found for SHA: ${request.path.commit_sha}`)
    const { items, headers } = paginate(request, github.state.pulls.ofCommit(sha))
    return { status: 200, body: await summaries(github, items), headers }
  },

  'GET /repos/{owner}/{repo}/pulls/{pull_number}': async ({ path }, github) => {
    const pull = found(github.state.pulls.find(path.pull_number))
    const files = await changedFiles(github.git, pull)
    return {
      status: 200,
      body: {
        ...(await pullSummary(github, pull)),
        state: pull.issue.state,
        user: simpleUser(github.links, pull.issue.author),
        merged: pull.merged !== undefined,
        merged_by: pull.merged === undefined ? null : simpleUser(github.links, pull.merged.by),
        mergeable: pull.merged === undefined ? true : null,
        mergeable_state: 'unknown',
        maintainer_can_modify: false,
        comments: pull.issue.comments.length,
        review_comments: 0,
        commits: pull.commits.length,
        additions: sum(files, 'additions'),
        deletions: sum(files, 'deletions'),
        changed_files: files.length,
      },
    }
  },

  'GET /repos/{owner}/{repo}/pulls/{pull_number}/reviews': (request, { links, state }) => {
    const pull = found(state.pulls.find(request.path.pull_number))
    const { items, headers } = paginate(request, pull.reviews)
    return {
      status: 200,
      body: items.map((review) => reviewJson(links, pull, review)),
      headers,
    }
  },
} satisfies Routes

function summaries(github: StandIn, items: readonly Pull[]): Promise<Schema<'pull-request-simple'>[]> {
  return Promise.all(items.map((pull) => pullSummary(github, pull)))
}

/** What the pull request changes; nothing where a scenario names commits that are not in the repository. */
async function changedFiles(git: Git, { base, head }: Pull): Promise<FileChange[]> {
  const [from, to] = await describeObjects(git, [`${base.sha}^{commit}`, `${head.sha}^{commit}`])
  if (from === undefined || to === undefined) return []
  return diff(git, await mergeBase(git, from.sha, to.sha), to.sha)
}

function reviewJson(links: Links, pull: Pull, review: Review): Schema<'pull-request-review'> {
  const page = links.html(`pull/${String(pull.issue.number)}#pullrequestreview-${String(review.id)}`)
  const pullUrl = links.api(`pulls/${String(pull.issue.number)}`)
  return {
    id: review.id,
    node_id: nodeId('PullRequestReview', review.id),
    user: simpleUser(links, review.author),
    body: review.body,
    state: review.state,
    commit_id: review.commit,
    submitted_at: review.submittedAt,
    html_url: page,
    pull_request_url: pullUrl,
    _links: { html: { href: page }, pull_request: { href: pullUrl } },
    author_association: association(review.author),
  }
}
