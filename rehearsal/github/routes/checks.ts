import { notFound, unprocessable } from '../errors.ts'
import { resolveCommit } from '../git/refs.ts'
import { nodeId } from '../links.ts'
import type { Links } from '../links.ts'
import type { Routes, Schema } from '../operation.ts'
import { paginate } from '../paging.ts'
import { simpleRepository } from '../representations/repository.ts'
import { simpleUser } from '../representations/user.ts'
import type { CheckRun, CommitStatus } from '../state/checks.ts'
import type { User } from '../state/users.ts'

/** The number of GitHub's own app; a required check can be bound to it. */
const githubActionsId = 15_368

/** Results of a commit: check runs and commit statuses. */
export const checks = {
  'GET /repos/{owner}/{repo}/commits/{ref}/check-runs': async (request, { git, links, state }) => {
    const { check_name: name, status, filter = 'latest', app_id: app } = request.query
    const sha = await resolveCommit(git, request.path.ref)
    if (sha === undefined) throw unprocessable(`No commit found for SHA: ${request.path.ref}`)
    const all = filter === 'all' ? state.checks.runs(sha) : state.checks.latestRuns(sha)
    const listed = all
      .filter((run) => name === undefined || run.name === name)
      .filter((run) => status === undefined || run.status === status)
      .filter(() => app === undefined || app === githubActionsId)
    const { items, headers } = paginate(request, listed)
    const owner = state.users.get(links.owner)
    const body = {
      total_count: listed.length,
      check_runs: items.map((run) => checkRunJson(links, owner, run)),
    }
    return { status: 200, body, headers }
  },

  'GET /repos/{owner}/{repo}/commits/{ref}/status': async (request, { git, links, state }) => {
    const sha = await resolveCommit(git, request.path.ref)
    if (sha === undefined) throw notFound()
    const latest = state.checks.latestStatuses(sha)
    const { items, headers } = paginate(request, latest)
    const body = {
      state: combine(latest),
      statuses: items.map((status) => statusJson(links, status)),
      sha,
      total_count: latest.length,
      repository: simpleRepository(links, state.users.get(links.owner)),
      commit_url: links.api(`commits/${sha}`),
      url: links.api(`commits/${sha}/status`),
    }
    return { status: 200, body, headers }
  },
} satisfies Routes

/** GitHub's rule; a commit without any status is pending. */
function combine(statuses: readonly CommitStatus[]): 'failure' | 'pending' | 'success' {
  if (statuses.some(({ state }) => state === 'error' || state === 'failure')) return 'failure'
  return statuses.length > 0 && statuses.every(({ state }) => state === 'success') ? 'success' : 'pending'
}

function checkRunJson(links: Links, owner: User, run: CheckRun): Schema<'check-run'> {
  const url = links.api(`check-runs/${String(run.id)}`)
  const page = links.html(`runs/${String(run.id)}`)
  return {
    id: run.id,
    node_id: nodeId('CheckRun', run.id),
    head_sha: run.sha,
    name: run.name,
    external_id: null,
    url,
    html_url: page,
    details_url: page,
    status: run.status,
    conclusion: run.conclusion,
    started_at: run.startedAt,
    completed_at: run.completedAt,
    output: {
      title: null,
      summary: null,
      text: null,
      annotations_count: 0,
      annotations_url: `${url}/annotations`,
    },
    check_suite: { id: run.suiteId },
    app: githubActions(links, owner),
    pull_requests: [],
  }
}

function githubActions(links: Links, owner: User): Schema<'nullable-integration'> {
  const page = `${links.root}/apps/github-actions`
  return {
    id: githubActionsId,
    node_id: nodeId('App', githubActionsId),
    slug: 'github-actions',
    name: 'GitHub Actions',
    description: null,
    owner: simpleUser(links, owner),
    external_url: page,
    html_url: page,
    created_at: '2018-07-30T09:30:17Z',
    updated_at: '2018-07-30T09:30:17Z',
    permissions: {},
    events: [],
  }
}

function statusJson(links: Links, status: CommitStatus): Schema<'simple-commit-status'> {
  return {
    id: status.id,
    node_id: nodeId('StatusContext', status.id),
    url: links.api(`statuses/${status.sha}`),
    avatar_url: `${links.root}/${encodeURIComponent(status.creator.login)}.png`,
    state: status.state,
    context: status.context,
    description: status.description,
    target_url: null,
    created_at: status.createdAt,
    updated_at: status.createdAt,
  }
}
