import { nodeId } from '../links.ts'
import type { Schema } from '../operation.ts'
import type { StandIn } from '../stand-in.ts'
import type { Pull } from '../state/pulls.ts'
import { labelJson } from './issue.ts'
import { fullRepository } from './repository.ts'
import { association, simpleUser } from './user.ts'

type PullSummary = Schema<'pull-request-simple'> & Pick<Schema<'pull-request'>, 'head' | 'base'>

/** A pull request as listings contain it. */
export async function pullSummary(github: StandIn, pull: Pull): Promise<PullSummary> {
  const { links, state } = github
  const { issue } = pull
  const repo = await fullRepository(github)
  const side = ({ ref, sha }: Pull['head']): Schema<'pull-request'>['head'] => ({
    label: `${links.owner}:${ref}`,
    ref,
    sha,
    repo,
    user: simpleUser(links, state.users.get(links.owner)),
  })
  const number = String(issue.number)
  return {
    id: issue.id,
    node_id: nodeId('PullRequest', issue.id),
    ...addresses(github, pull),
    number: issue.number,
    state: issue.state,
    locked: false,
    title: issue.title,
    user: simpleUser(links, issue.author),
    body: issue.body,
    labels: issue.labels.map((label) => {
      const { description, ...rest } = labelJson(links, label)
      return { ...rest, description: description ?? '' }
    }),
    milestone: null,
    created_at: issue.createdAt,
    updated_at: issue.updatedAt,
    closed_at: issue.closedAt,
    merged_at: pull.merged?.at ?? null,
    merge_commit_sha: pull.merged?.sha ?? null,
    assignee: null,
    assignees: [],
    requested_reviewers: [],
    requested_teams: [],
    head: side(pull.head),
    base: side(pull.base),
    author_association: association(issue.author),
    auto_merge: null,
    draft: pull.isDraft,
    html_url: links.html(`pull/${number}`),
  }
}

type Addresses = Pick<
  Schema<'pull-request-simple'>,
  | 'url'
  | 'diff_url'
  | 'patch_url'
  | 'issue_url'
  | 'commits_url'
  | 'review_comments_url'
  | 'review_comment_url'
  | 'comments_url'
  | 'statuses_url'
  | '_links'
>

function addresses({ links }: StandIn, { issue, head }: Pull): Addresses {
  const url = links.api(`pulls/${String(issue.number)}`)
  const page = links.html(`pull/${String(issue.number)}`)
  const issueUrl = links.api(`issues/${String(issue.number)}`)
  const statuses = links.api(`statuses/${head.sha}`)
  const link = (href: string): { href: string } => ({ href })
  return {
    url,
    diff_url: `${page}.diff`,
    patch_url: `${page}.patch`,
    issue_url: issueUrl,
    commits_url: `${url}/commits`,
    review_comments_url: `${url}/comments`,
    review_comment_url: links.api('pulls/comments{/number}'),
    comments_url: `${issueUrl}/comments`,
    statuses_url: statuses,
    _links: {
      self: link(url),
      html: link(page),
      issue: link(issueUrl),
      comments: link(`${issueUrl}/comments`),
      review_comments: link(`${url}/comments`),
      review_comment: link(links.api('pulls/comments{/number}')),
      commits: link(`${url}/commits`),
      statuses: link(statuses),
    },
  }
}
