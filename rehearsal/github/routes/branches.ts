import { ApiError } from '../errors.ts'
import { readCommit } from '../git/commits.ts'
import { describeObjects } from '../git/objects.ts'
import { listRefs, readRef } from '../git/refs.ts'
import { nodeId } from '../links.ts'
import type { Routes, Schema } from '../operation.ts'
import { paginate } from '../paging.ts'
import { commitSummary } from '../representations/commit.ts'
import type { State } from '../state.ts'

const rulesetId = 1

/** Branches, tags and the rules of a branch. */
export const branches = {
  'GET /repos/{owner}/{repo}/branches': async (request, { git, links, state }) => {
    const { protected: wanted } = request.query
    const all = (await listRefs(git, 'refs/heads/')).map(({ name, sha }) => ({
      name: name.replace('refs/heads/', ''),
      commit: { sha, url: links.api(`commits/${sha}`) },
    }))
    const listed = all
      .map((branch) => ({ ...branch, protected: state.branchProtection.isProtected(branch.name) }))
      .filter((branch) => wanted === undefined || branch.protected === wanted)
    const { items, headers } = paginate(request, listed)
    return { status: 200, body: items, headers }
  },

  'GET /repos/{owner}/{repo}/branches/{branch}': async ({ path }, github) => {
    const { git, links, state } = github
    const ref = await readRef(git, `refs/heads/${path.branch}`)
    const commit = ref === undefined ? undefined : await readCommit(git, ref.sha)
    if (commit === undefined) throw new ApiError(404, 'Branch not found')
    const self = links.api(`branches/${encodeURIComponent(path.branch)}`)
    return {
      status: 200,
      body: {
        name: path.branch,
        commit: commitSummary(github, commit),
        _links: { self, html: links.html(`tree/${path.branch}`) },
        protected: state.branchProtection.isProtected(path.branch),
        protection: protectionJson(state, path.branch),
        protection_url: `${self}/protection`,
      },
    }
  },

  'GET /repos/{owner}/{repo}/rules/branches/{branch}': (request, { links, state }) => {
    const rules = state.branchProtection.rules(request.path.branch, 'ruleset')
    const { items, headers } = paginate(request, rules)
    const body = items.map(({ contexts, isStrict }) => ({
      type: 'required_status_checks' as const,
      parameters: {
        strict_required_status_checks_policy: isStrict,
        required_status_checks: contexts.map((context) => ({ context })),
      },
      ruleset_source_type: 'Repository' as const,
      ruleset_source: links.fullName,
      ruleset_id: rulesetId,
    }))
    return { status: 200, body, headers }
  },

  'GET /repos/{owner}/{repo}/tags': async (request, { git, links }) => {
    const refs = (await listRefs(git, 'refs/tags/')).toReversed()
    const commits = await describeObjects(
      git,
      refs.map(({ name }) => `${name}^{commit}`),
    )
    const tags = refs.flatMap(({ name: ref }, index): Schema<'tag'>[] => {
      const sha = commits[index]?.sha
      if (sha === undefined) return [] // the tag of a tree or a blob
      const name = ref.replace('refs/tags/', '')
      return [
        {
          name,
          node_id: nodeId('Ref', ref),
          commit: { sha, url: links.api(`commits/${sha}`) },
          zipball_url: links.api(`zipball/${ref}`),
          tarball_url: links.api(`tarball/${ref}`),
        },
      ]
    })
    const { items, headers } = paginate(request, tags)
    return { status: 200, body: items, headers }
  },
} satisfies Routes

/** The older protection of one branch, as everybody who can read the branch sees it. */
function protectionJson(state: State, branch: string): Schema<'branch-protection'> {
  const rules = state.branchProtection.rules(branch, 'protection')
  const contexts = rules.flatMap((rule) => rule.contexts)
  return {
    enabled: rules.length > 0,
    required_status_checks: {
      enforcement_level: rules.length > 0 ? 'everyone' : 'off',
      contexts: [...contexts],
      checks: contexts.map((context) => ({ context, app_id: null })),
    },
  }
}
