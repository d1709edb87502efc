import { found, validationFailed } from '../errors.ts'
import type { FieldError } from '../errors.ts'
import type { Routes } from '../operation.ts'
import { paginate } from '../paging.ts'
import { eventJson, issueJson } from '../representations/issue.ts'
import type { Issue, IssueChange } from '../state/issues.ts'
import type { Users } from '../state/users.ts'
import { maxBodyLength, tooLong } from './text-limits.ts'

const maxTitleLength = 256

/** Issues: deployment tickets and incidents. */
export const issues = {
  'GET /repos/{owner}/{repo}/issues': (request, { links, state }) => {
    const {
      state: wanted = 'open',
      labels = '',
      creator,
      assignee,
      since,
      sort = 'created',
      direction,
    } = request.query
    const names = labels.split(',').map((name) => name.trim().toLowerCase())
    const listed = state.issues
      .list()
      .filter((issue) => wanted === 'all' || issue.state === wanted)
      .filter((issue) => names.every((name) => name === '' || hasLabel(issue, name)))
      .filter((issue) => creator === undefined || isLogin(issue.author.login, creator))
      .filter((issue) => assignee === undefined || isAssigned(issue, assignee))
      .filter((issue) => since === undefined || Date.parse(issue.updatedAt) >= Date.parse(since))
      .toSorted((one, other) => sortKey(other, sort) - sortKey(one, sort))
    const { items, headers } = paginate(request, direction === 'asc' ? listed.toReversed() : listed)
    return {
      status: 200,
      body: items.map((issue) => issueJson(links, issue)),
      headers,
    }
  },

  'POST /repos/{owner}/{repo}/issues': ({ body, actor }, { links, state }) => {
    const { title, body: text = null, labels = [], assignees = [] } = body
    const fields = { title: String(title), body: text, assignees }
    check(fields, state.users)
    const issue = state.issues.open({ ...fields, labels: labels.flatMap(labelName), author: actor })
    return { status: 201, body: issueJson(links, issue) }
  },

  'GET /repos/{owner}/{repo}/issues/{issue_number}': ({ path }, { links, state }) => ({
    status: 200,
    body: issueJson(links, found(state.issues.find(path.issue_number))),
  }),

  'PATCH /repos/{owner}/{repo}/issues/{issue_number}': ({ path, body, actor }, { links, state }) => {
    const issue = found(state.issues.find(path.issue_number))
    const { title, body: text, state: wanted, state_reason: reason, labels, assignees } = body ?? {}
    const change: IssueChange = {
      ...(title === undefined || title === null ? {} : { title: String(title) }),
      ...(text === undefined ? {} : { body: text }),
      ...(wanted === undefined ? {} : { state: wanted }),
      ...(reason === undefined ? {} : { stateReason: reason }),
      ...(labels === undefined ? {} : { labels: labels.flatMap(labelName) }),
      ...(assignees === undefined ? {} : { assignees: assignees.flatMap(assigneeLogin) }),
    }
    check(change, state.users)
    state.issues.update(issue, change, actor)
    return { status: 200, body: issueJson(links, issue) }
  },

  'GET /repos/{owner}/{repo}/issues/{issue_number}/events': (request, { links, state }) => {
    const { events } = found(state.issues.find(request.path.issue_number))
    const { items, headers } = paginate(request, events)
    return {
      status: 200,
      body: items.map((event) => eventJson(links, event)),
      headers,
    }
  },
} satisfies Routes

function check({ title, body, assignees = [] }: IssueChange, users: Users): void {
  const errors: FieldError[] = []
  if (title?.trim() === '') errors.push({ resource: 'Issue', field: 'title', code: 'missing_field' })
  if (title !== undefined) errors.push(...tooLong('Issue', 'title', title, maxTitleLength))
  errors.push(...tooLong('Issue', 'body', body ?? '', maxBodyLength))
  if (assignees.some((login) => (users.find(login)?.role ?? 'none') === 'none')) {
    errors.push({ resource: 'Issue', field: 'assignees', code: 'invalid' })
  }
  if (errors.length > 0) throw validationFailed(...errors)
}

function labelName(label: string | { name?: string }): string[] {
  const name = typeof label === 'string' ? label : label.name
  return name === undefined ? [] : [name]
}

function assigneeLogin(assignee: string | { login?: string }): string[] {
  const login = typeof assignee === 'string' ? assignee : assignee.login
  return login === undefined ? [] : [login]
}

function hasLabel({ labels }: Issue, name: string): boolean {
  return labels.some((label) => label.name.toLowerCase() === name)
}

/** `none` and `*` stand for nobody and anybody. */
function isAssigned({ assignees }: Issue, wanted: string): boolean {
  if (wanted === 'none') return assignees.length === 0
  return wanted === '*' ? assignees.length > 0 : assignees.some(({ login }) => isLogin(login, wanted))
}

function isLogin(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase()
}

/** Creation is told by the number: two issues of one second keep their order. */
function sortKey(issue: Issue, sort: 'created' | 'updated' | 'comments'): number {
  if (sort === 'comments') return issue.comments.length
  return sort === 'updated' ? Date.parse(issue.updatedAt) : issue.number
}
