import { found } from '../errors.ts'
import type { Routes } from '../operation.ts'
import { paginate } from '../paging.ts'
import { approvalJson, jobJson, pendingJson, runJson } from '../representations/run.ts'
import type { Run } from '../state/runs.ts'

/** Workflow runs, their jobs and the decisions of their reviewers. */
export const actions = {
  'GET /repos/{owner}/{repo}/actions/runs': async (request, github) => {
    const { actor, branch, event, status, head_sha: sha } = request.query
    const listed = github.state.runs
      .list()
      .filter((run) => actor === undefined || run.actor.login === actor)
      .filter((run) => branch === undefined || run.headRef === branch)
      .filter((run) => event === undefined || run.event === event)
      .filter((run) => status === undefined || isIn(run, status))
      .filter((run) => sha === undefined || run.headSha === sha)
    const { items, headers } = paginate(request, listed)
    const runs = await Promise.all(items.map((run) => runJson(github, run)))
    return { status: 200, body: { total_count: listed.length, workflow_runs: runs }, headers }
  },

  'GET /repos/{owner}/{repo}/actions/runs/{run_id}': async ({ path }, github) => ({
    status: 200,
    body: await runJson(github, found(github.state.runs.find(path.run_id))),
  }),

  'GET /repos/{owner}/{repo}/actions/runs/{run_id}/jobs': (request, { links, state }) => {
    const run = found(state.runs.find(request.path.run_id))
    const { filter = 'latest' } = request.query
    const jobs = run.jobs.filter((job) => filter === 'all' || job.attempt === run.attempt)
    const { items, headers } = paginate(request, jobs)
    const body = { total_count: jobs.length, jobs: items.map((job) => jobJson(links, run, job)) }
    return { status: 200, body, headers }
  },

  'GET /repos/{owner}/{repo}/actions/runs/{run_id}/approvals': ({ path }, { links, state }) => {
    const { approvals } = found(state.runs.find(path.run_id))
    return {
      status: 200,
      body: approvals.map((approval) => approvalJson(links, approval)),
    }
  },

  'GET /repos/{owner}/{repo}/actions/runs/{run_id}/pending_deployments': ({ path }, { links, state }) => {
    const { pending } = found(state.runs.find(path.run_id))
    return {
      status: 200,
      body: pending.map((environment) => pendingJson(links, environment, state.users.bot)),
    }
  },
} satisfies Routes

/** GitHub's filter takes statuses and conclusions alike. */
function isIn({ status, conclusion }: Run, wanted: string): boolean {
  return status === wanted || conclusion === wanted
}
