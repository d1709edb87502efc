import { readCommit } from '../git/commits.ts'
import { nodeId } from '../links.ts'
import type { Links } from '../links.ts'
import type { Schema } from '../operation.ts'
import type { StandIn } from '../stand-in.ts'
import { isReviewer } from '../state/environments.ts'
import type { Environment } from '../state/environments.ts'
import type { Approval, Job, Run } from '../state/runs.ts'
import type { User } from '../state/users.ts'
import { environmentAddress, reviewerJson } from './environment.ts'
import { simpleRepository } from './repository.ts'
import { simpleUser } from './user.ts'

/** A workflow run. */
export async function runJson({ git, links, state }: StandIn, run: Run): Promise<Schema<'workflow-run'>> {
  const url = runUrl(links, run)
  const repository = simpleRepository(links, state.users.get(links.owner))
  const commit = await readCommit(git, run.headSha)
  const actor = simpleUser(links, run.actor)
  return {
    id: run.id,
    node_id: nodeId('WorkflowRun', run.id),
    name: run.name,
    display_title: run.title,
    path: run.path,
    run_number: run.number,
    run_attempt: run.attempt,
    event: run.event,
    status: run.status,
    conclusion: run.conclusion,
    workflow_id: run.workflowId,
    check_suite_id: run.suiteId,
    head_branch: run.headRef,
    head_sha: run.headSha,
    head_commit:
      commit === undefined
        ? null
        : {
            id: commit.sha,
            tree_id: commit.tree,
            message: commit.message,
            timestamp: commit.committer.date,
            author: { name: commit.author.name, email: commit.author.email },
            committer: { name: commit.committer.name, email: commit.committer.email },
          },
    actor,
    triggering_actor: actor,
    url,
    html_url: runHtml(links, run),
    jobs_url: `${url}/jobs`,
    logs_url: `${url}/logs`,
    check_suite_url: links.api(`check-suites/${String(run.suiteId)}`),
    artifacts_url: `${url}/artifacts`,
    cancel_url: `${url}/cancel`,
    rerun_url: `${url}/rerun`,
    workflow_url: links.api(`actions/workflows/${String(run.workflowId)}`),
    pull_requests: [],
    run_started_at: run.createdAt,
    created_at: run.createdAt,
    updated_at: run.updatedAt,
    repository,
    head_repository: repository,
  }
}

/** A job of a run; it ran nowhere, so it has no runner. */
export function jobJson(links: Links, run: Run, job: Job): Schema<'job'> {
  const id = String(job.id)
  return {
    id: job.id,
    node_id: nodeId('Job', job.id),
    run_id: run.id,
    run_url: runUrl(links, run),
    run_attempt: job.attempt,
    workflow_name: run.name,
    head_branch: run.headRef,
    head_sha: run.headSha,
    name: job.name,
    url: links.api(`actions/jobs/${id}`),
    html_url: `${runHtml(links, run)}/job/${id}`,
    check_run_url: links.api(`check-runs/${id}`),
    status: job.status,
    conclusion: job.conclusion,
    created_at: job.startedAt,
    started_at: job.startedAt,
    completed_at: job.completedAt,
    steps: job.steps.map((step, index) => ({ ...step, number: index + 1 })),
    labels: [],
    runner_id: null,
    runner_name: null,
    runner_group_id: null,
    runner_group_name: null,
  }
}

/** What a reviewer decided. */
export function approvalJson(links: Links, approval: Approval): Schema<'environment-approvals'> {
  return {
    environments: approval.environments.map((environment) => ({
      ...environmentAddress(links, environment),
      created_at: environment.createdAt,
      updated_at: environment.updatedAt,
    })),
    state: approval.state,
    user: simpleUser(links, approval.user),
    comment: approval.comment,
  }
}

/** An environment that a run waits for, as this user sees it. */
export function pendingJson(
  links: Links,
  environment: Environment,
  user: User,
): Schema<'pending-deployment'> {
  return {
    environment: environmentAddress(links, environment),
    wait_timer: environment.waitTimerMinutes,
    wait_timer_started_at: null,
    current_user_can_approve: isReviewer(environment, user),
    reviewers: environment.reviewers.map((reviewer) => reviewerJson(links, reviewer)),
  }
}

function runUrl(links: Links, { id }: Run): string {
  return links.api(`actions/runs/${String(id)}`)
}

function runHtml(links: Links, { id }: Run): string {
  return links.html(`actions/runs/${String(id)}`)
}
