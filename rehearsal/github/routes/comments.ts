import { found, validationFailed } from '../errors.ts'
import type { FieldError } from '../errors.ts'
import type { Routes } from '../operation.ts'
import { paginate } from '../paging.ts'
import { commentJson } from '../representations/issue.ts'
import { maxBodyLength, tooLong } from './text-limits.ts'

/** Comments of issues and pull requests. */
export const comments = {
  'GET /repos/{owner}/{repo}/issues/{issue_number}/comments': (request, { links, state }) => {
    const { since } = request.query
    const issue = found(state.issues.find(request.path.issue_number))
    const listed = issue.comments.filter(
      (comment) => since === undefined || Date.parse(comment.updatedAt) >= Date.parse(since),
    )
    const { items, headers } = paginate(request, listed)
    const body = items.map((comment) => commentJson(links, issue, comment))
    return { status: 200, body, headers }
  },

  'POST /repos/{owner}/{repo}/issues/{issue_number}/comments': ({ path, body, actor }, { links, state }) => {
    const issue = found(state.issues.find(path.issue_number))
    check(body.body)
    const comment = state.issues.comment(issue, body.body, actor)
    return { status: 201, body: commentJson(links, issue, comment) }
  },

  'PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}': ({ path, body }, { links, state }) => {
    const { issue, comment } = found(state.issues.findComment(Number(path.comment_id)))
    check(body.body)
    state.issues.editComment(comment, body.body)
    return { status: 200, body: commentJson(links, issue, comment) }
  },
} satisfies Routes

function check(body: string): void {
  const blank: FieldError = { resource: 'IssueComment', field: 'body', code: 'missing_field' }
  const errors = body.trim() === '' ? [blank] : tooLong('IssueComment', 'body', body, maxBodyLength)
  if (errors.length > 0) throw validationFailed(...errors)
}
