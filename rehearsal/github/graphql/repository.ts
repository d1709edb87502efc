import { readCommit, type Commit } from '../git/commits.ts'
import { nodeId } from '../links.ts'
import type { StandIn } from '../stand-in.ts'
import type { Issue } from '../state/issues.ts'
import type { Pull, Review } from '../state/pulls.ts'
import type { User } from '../state/users.ts'
import { connection, type PageArguments } from './connection.ts'
import { Refused } from './refused.ts'

/** The root of every query. A property is a field; a function is a field with arguments. */
export function query(github: StandIn) {
  const { owner, repo } = github.links
  return {
    repository: ({ owner: wantedOwner, name }: { owner: string; name: string }) => {
      const isSame = `${wantedOwner}/${name}`.toLowerCase() === `${owner}/${repo}`.toLowerCase()
      if (isSame) return repositoryNode(github)
      throw notResolved(`a Repository with the name '${wantedOwner}/${name}'`)
    },
  }
}

function notResolved(what: string): Refused {
  return new Refused('NOT_FOUND', `Could not resolve to ${what}.`)
}

function repositoryNode(github: StandIn) {
  return {
    __typename: 'Repository',
    object: async ({ oid }: { oid: string }) => {
      const commit = await readCommit(github.git, oid)
      return commit === undefined ? null : commitNode(github, commit)
    },
    issue: ({ number }: { number: number }) => {
      const issue = github.state.issues.find(number)
      if (issue === undefined || issue.isPull)
        throw notResolved(`an Issue with the number of ${String(number)}`)
      return issueNode(issue)
    },
  }
}

function commitNode(github: StandIn, { sha, author }: Commit) {
  const user = github.state.users.byEmail(author.email)
  return {
    __typename: 'Commit',
    oid: sha,
    // A bot is no User, and so is not told here.
    author: { name: author.name, email: author.email, user: user?.type === 'User' ? actorNode(user) : null },
    associatedPullRequests: (page: PageArguments) =>
      connection(
        'associatedPullRequests',
        github.state.pulls.ofCommit(sha).map((pull) => pullNode(github, pull)),
        page,
      ),
  }
}

function pullNode({ links }: StandIn, { issue, head, merged, reviews }: Pull) {
  return {
    __typename: 'PullRequest',
    number: issue.number,
    title: issue.title,
    url: links.html(`pull/${String(issue.number)}`),
    merged: merged !== undefined,
    author: actorNode(issue.author),
    headRefOid: head.sha,
    latestOpinionatedReviews: ({ writersOnly, ...page }: PageArguments & { writersOnly: boolean }) =>
      connection('latestOpinionatedReviews', latestOpinions(reviews, writersOnly).map(reviewNode), page),
  }
}

/** The last opinion of each person; a comment is none. */
function latestOpinions(reviews: readonly Review[], writersOnly: boolean): Review[] {
  const opinions = reviews.filter(
    ({ state, author }) =>
      state !== 'COMMENTED' && (!writersOnly || ['write', 'maintain', 'admin'].includes(author.role)),
  )
  return [...new Map(opinions.map((review) => [review.author.id, review])).values()]
}

function reviewNode({ state, author, commit }: Review) {
  return {
    __typename: 'PullRequestReview',
    state,
    author: actorNode(author),
    commit: { __typename: 'Commit', oid: commit },
  }
}

function issueNode({ number, versions }: Issue) {
  return {
    __typename: 'Issue',
    number,
    // Newest first; what was never edited has no history, also not its beginning.
    userContentEdits: (page: PageArguments) =>
      connection(
        'userContentEdits',
        versions.length < 2
          ? []
          : versions.toReversed().map(({ id, editor, at, body }) => ({
              __typename: 'UserContentEdit',
              id: nodeId('UserContentEdit', id),
              editor: actorNode(editor),
              editedAt: at,
              // GitHub calls it a summary of the changes; it is the whole text as it was then.
              diff: body,
            })),
        page,
      ),
  }
}

/** GraphQL leaves the `[bot]` of a bot's login away. */
function actorNode({ type, login }: User) {
  return { __typename: type, login: login.replace(/\[bot\]$/u, '') }
}
