import type { CommitCheck } from './forge.ts'
import { asking, type Repository } from './octokit.ts'

const pageSize = 100

/**
 * The check runs and statuses of a commit. Those that runs of this run's own workflow have brought are left out: they
 * are the deployment itself, and an earlier attempt that was blocked would block every later one.
 */
export async function checksOf(
  repository: Repository,
  commit: string,
  runId: string,
  signal: AbortSignal,
): Promise<readonly CommitCheck[]> {
  const [runs, statuses, own] = await Promise.all([
    checkRuns(repository, commit, signal),
    commitStatuses(repository, commit, signal),
    suitesOfWorkflow(repository, commit, runId, signal),
  ])
  const others = runs.filter(({ suite }) => suite === undefined || !own.has(suite))
  return [...others.map(({ name, state, detail }) => ({ name, state, detail })), ...statuses]
}

interface CheckRun extends CommitCheck {
  readonly suite: number | undefined
}

function checkRuns(
  { octokit, owner, repo }: Repository,
  commit: string,
  signal: AbortSignal,
): Promise<readonly CheckRun[]> {
  return asking(`Reading the checks of ${commit}`, 'checks: read', async () => {
    const runs = await octokit.paginate(octokit.rest.checks.listForRef, {
      owner,
      repo,
      ref: commit,
      filter: 'latest',
      per_page: pageSize,
      request: { signal },
    })
    return runs.map(({ name, status, conclusion, check_suite: suite }): CheckRun => ({
      name,
      state: conclusion === null ? 'running' : stateOf(conclusion),
      detail: conclusion ?? status,
      suite: suite?.id,
    }))
  })
}

function stateOf(conclusion: string): CommitCheck['state'] {
  if (conclusion === 'success') return 'passed'
  return conclusion === 'neutral' || conclusion === 'skipped' ? 'not-run' : 'failed'
}

function commitStatuses({ octokit, owner, repo }: Repository, commit: string, signal: AbortSignal) {
  return asking(`Reading the statuses of ${commit}`, 'statuses: read', async () => {
    const found: CommitCheck[] = []
    for (let page = 1; ; page += 1) {
      const asked = { owner, repo, ref: commit, per_page: pageSize, page, request: { signal } }
      const { data } = await octokit.rest.repos.getCombinedStatusForRef(asked)
      found.push(...data.statuses.map(({ context, state }) => statusOf(context, state)))
      if (data.statuses.length < pageSize) return found
    }
  })
}

function statusOf(name: string, detail: string): CommitCheck {
  if (detail === 'success') return { name, state: 'passed', detail }
  return { name, state: detail === 'pending' ? 'running' : 'failed', detail }
}

/** The check suites of all runs on this commit of the workflow that `runId` is a run of. */
function suitesOfWorkflow(
  { octokit, owner, repo }: Repository,
  commit: string,
  runId: string,
  signal: AbortSignal,
): Promise<ReadonlySet<number>> {
  return asking('Telling the checks of this deployment from the others', 'actions: read', async () => {
    const runs = await octokit.paginate(octokit.rest.actions.listWorkflowRunsForRepo, {
      owner,
      repo,
      head_sha: commit,
      per_page: pageSize,
      request: { signal },
    })
    const workflow = runs.find(({ id }) => String(id) === runId)?.workflow_id
    const suites = runs.filter((run) => run.workflow_id === workflow).map((run) => run.check_suite_id)
    return new Set(suites.filter((suite) => suite !== undefined))
  })
}
