import { ApiError, found, validationFailed } from '../errors.ts'
import type { Routes } from '../operation.ts'
import { labelJson } from '../representations/issue.ts'

/** Labels of the repository and of its issues. */
export const labels = {
  'GET /repos/{owner}/{repo}/labels/{name}': ({ path }, { links, state }) => {
    const label = found(state.issues.labels.find(path.name))
    return { status: 200, body: labelJson(links, label) }
  },

  'POST /repos/{owner}/{repo}/labels': ({ body }, { links, state }) => {
    const { name, color, description } = body
    if (state.issues.labels.find(name) !== undefined) {
      throw validationFailed({ resource: 'Label', field: 'name', code: 'already_exists' })
    }
    if (color !== undefined && !/^[0-9a-f]{6}$/i.test(color)) {
      throw validationFailed({ resource: 'Label', field: 'color', code: 'invalid' })
    }
    const label = state.issues.labels.create(name, color, description)
    return { status: 201, body: labelJson(links, label) }
  },

  'POST /repos/{owner}/{repo}/issues/{issue_number}/labels': ({ path, body, actor }, { links, state }) => {
    const issue = found(state.issues.find(path.issue_number))
    const names = (body?.labels ?? []).map((label) => (typeof label === 'string' ? label : label.name))
    state.issues.addLabels(issue, names, actor)
    return {
      status: 200,
      body: issue.labels.map((label) => labelJson(links, label)),
    }
  },

  'DELETE /repos/{owner}/{repo}/issues/{issue_number}/labels/{name}': ({ path, actor }, { links, state }) => {
    const issue = found(state.issues.find(path.issue_number))
    if (!state.issues.removeLabel(issue, path.name, actor)) throw new ApiError(404, 'Label does not exist')
    return {
      status: 200,
      body: issue.labels.map((label) => labelJson(links, label)),
    }
  },
} satisfies Routes
