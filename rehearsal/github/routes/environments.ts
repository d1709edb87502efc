import { found } from '../errors.ts'
import type { Routes } from '../operation.ts'
import { paginate } from '../paging.ts'
import { environmentJson } from '../representations/environment.ts'

/** Deployment environments with their protection rules. */
export const environments = {
  'GET /repos/{owner}/{repo}/environments': (request, { links, state }) => {
    const all = state.environments.list()
    const { items, headers } = paginate(request, all)
    const body = {
      total_count: all.length,
      environments: items.map((environment) => environmentJson(links, environment)),
    }
    return { status: 200, body, headers }
  },

  'GET /repos/{owner}/{repo}/environments/{environment_name}': ({ path }, { links, state }) => {
    const environment = found(state.environments.find(path.environment_name))
    return { status: 200, body: environmentJson(links, environment) }
  },
} satisfies Routes
