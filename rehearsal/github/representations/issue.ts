import { nodeId } from '../links.ts'
import type { Links } from '../links.ts'
import type { Schema } from '../operation.ts'
import type { Comment, Issue, IssueEvent } from '../state/issues.ts'
import type { Label } from '../state/labels.ts'
import { association, simpleUser } from './user.ts'

/** An issue, or a pull request seen as one. */
export function issueJson(links: Links, issue: Issue): Schema<'issue'> {
  const url = links.api(`issues/${String(issue.number)}`)
  const assignees = issue.assignees.map((user) => simpleUser(links, user))
  return {
    id: issue.id,
    node_id: nodeId('Issue', issue.id),
    url,
    repository_url: links.api(),
    labels_url: `${url}/labels{/name}`,
    comments_url: `${url}/comments`,
    events_url: `${url}/events`,
    html_url: issueHtml(links, issue),
    number: issue.number,
    state: issue.state,
    state_reason: issue.stateReason,
    title: issue.title,
    body: issue.body,
    user: simpleUser(links, issue.author),
    labels: issue.labels.map((label) => labelJson(links, label)),
    assignee: assignees[0] ?? null,
    assignees,
    milestone: null,
    locked: false,
    active_lock_reason: null,
    comments: issue.comments.length,
    ...(issue.isPull ? { pull_request: pullLinks(links, issue) } : {}),
    closed_at: issue.closedAt,
    closed_by: issue.closedBy === null ? null : simpleUser(links, issue.closedBy),
    created_at: issue.createdAt,
    updated_at: issue.updatedAt,
    author_association: association(issue.author),
    performed_via_github_app: null,
  }
}

/** A comment of an issue. */
export function commentJson(links: Links, issue: Issue, comment: Comment): Schema<'issue-comment'> {
  return {
    id: comment.id,
    node_id: nodeId('IssueComment', comment.id),
    url: links.api(`issues/comments/${String(comment.id)}`),
    html_url: `${issueHtml(links, issue)}#issuecomment-${String(comment.id)}`,
    issue_url: links.api(`issues/${String(issue.number)}`),
    user: simpleUser(links, comment.author),
    body: comment.body,
    created_at: comment.createdAt,
    updated_at: comment.updatedAt,
    author_association: association(comment.author),
    performed_via_github_app: null,
  }
}

/** A label of the repository. */
export function labelJson(links: Links, { id, name, color, description }: Label): Schema<'label'> {
  const url = links.api(`labels/${encodeURIComponent(name)}`)
  return { id, node_id: nodeId('Label', id), url, name, color, description, default: false }
}

/** Something that happened to an issue. */
export function eventJson(links: Links, event: IssueEvent): Schema<'issue-event-for-issue'> {
  const { id, actor, createdAt, change } = event
  const common = {
    id,
    node_id: nodeId('IssueEvent', id),
    url: links.api(`issues/events/${String(id)}`),
    actor: simpleUser(links, actor),
    event: change.event,
    commit_id: null,
    commit_url: null,
    created_at: createdAt,
    performed_via_github_app: null,
  }
  if ('label' in change) return { ...common, label: { name: change.label.name, color: change.label.color } }
  if ('from' in change) return { ...common, rename: { from: change.from, to: change.to } }
  return common
}

function issueHtml(links: Links, { isPull, number }: Issue): string {
  return links.html(`${isPull ? 'pull' : 'issues'}/${String(number)}`)
}

function pullLinks(links: Links, { number }: Issue): NonNullable<Schema<'issue'>['pull_request']> {
  const page = links.html(`pull/${String(number)}`)
  return {
    url: links.api(`pulls/${String(number)}`),
    html_url: page,
    diff_url: `${page}.diff`,
    patch_url: `${page}.patch`,
  }
}
