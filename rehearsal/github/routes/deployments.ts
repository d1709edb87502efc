import { ApiError, found, unprocessable, validationFailed } from '../errors.ts'
import { isAncestor } from '../git/history.ts'
import { defaultBranch, resolveCommit } from '../git/refs.ts'
import { nodeId } from '../links.ts'
import type { Links } from '../links.ts'
import type { Routes, Schema } from '../operation.ts'
import { paginate } from '../paging.ts'
import { simpleUser } from '../representations/user.ts'
import type { StandIn } from '../stand-in.ts'
import type { Checks } from '../state/checks.ts'
import type { Deployment, DeploymentStatus } from '../state/deployments.ts'
import { workflowBot } from '../state/users.ts'
import { tooLong } from './text-limits.ts'

const maxDescriptionLength = 140

/** Deployments and their statuses. */
export const deployments = {
  'GET /repos/{owner}/{repo}/deployments': (request, { links, state }) => {
    const { sha, ref, task, environment } = request.query
    const listed = state.deployments
      .list()
      .filter((deployment) => matches(deployment.sha, sha) && matches(deployment.ref, ref))
      .filter((deployment) => matches(deployment.task, task) && matches(deployment.environment, environment))
    const { items, headers } = paginate(request, listed)
    const body = items.map((deployment) => deploymentJson(links, deployment))
    return { status: 200, body, headers }
  },

  'POST /repos/{owner}/{repo}/deployments': async ({ body }, github) => {
    const { ref, task = 'deploy', environment = 'production', payload = '', description = '' } = body
    const sha = await resolveCommit(github.git, ref)
    if (sha === undefined) throw unprocessable(`No ref found for: ${ref}`)
    if (body.auto_merge ?? true) await requireUpToDate(github, ref, sha)
    requireChecks(github.state.checks, ref, sha, body.required_contexts)
    const deployment = github.state.deployments.create({
      sha,
      ref,
      task,
      environment,
      payload,
      description,
      isTransient: body.transient_environment ?? false,
      isProduction: body.production_environment ?? environment === 'production',
      creator: workflowBot,
    })
    return { status: 201, body: deploymentJson(github.links, deployment) }
  },

  'GET /repos/{owner}/{repo}/deployments/{deployment_id}/statuses': (request, { links, state }) => {
    const deployment = found(state.deployments.find(request.path.deployment_id))
    const { items, headers } = paginate(request, deployment.statuses.toReversed())
    const body = items.map((status) => statusJson(links, deployment, status))
    return { status: 200, body, headers }
  },

  'POST /repos/{owner}/{repo}/deployments/{deployment_id}/statuses': ({ path, body }, { links, state }) => {
    const deployment = found(state.deployments.find(path.deployment_id))
    const { description = '', log_url: logUrl, target_url: targetUrl } = body
    const errors = tooLong('DeploymentStatus', 'description', description, maxDescriptionLength)
    if (errors.length > 0) throw validationFailed(...errors)
    const status = state.deployments.addStatus(deployment, {
      state: body.state,
      description,
      logUrl: logUrl ?? targetUrl ?? '',
      environment: body.environment ?? deployment.environment,
      environmentUrl: body.environment_url ?? '',
      isAutoInactive: body.auto_inactive ?? true,
      creator: workflowBot,
    })
    return { status: 201, body: statusJson(links, deployment, status) }
  },
} satisfies Routes

function matches(value: string, filter: string | null | undefined): boolean {
  return filter === undefined || filter === null || filter === 'none' || filter === value
}

/** GitHub would merge the default branch into a branch that is behind; it cannot merge into a tag or a commit. */
async function requireUpToDate({ git }: StandIn, ref: string, sha: string): Promise<void> {
  const branch = await defaultBranch(git)
  const head = await resolveCommit(git, branch)
  if (head === undefined || (await isAncestor(git, head, sha))) return
  throw new ApiError(409, `Conflict merging ${branch} into ${ref}.`)
}

/** Without a list GitHub wants every status and check of the commit to be successful; an empty list wants none. */
function requireChecks(
  checks: Checks,
  ref: string,
  sha: string,
  required: readonly string[] | undefined,
): void {
  const passing = ['success', 'neutral', 'skipped']
  const results = [
    ...checks
      .latestRuns(sha)
      .map(({ name, conclusion }) => ({ name, isPassed: passing.includes(conclusion ?? '') })),
    ...checks
      .latestStatuses(sha)
      .map(({ context, state }) => ({ name: context, isPassed: state === 'success' })),
  ]
  const names = required ?? results.map(({ name }) => name)
  if (names.every((name) => results.some((result) => result.name === name && result.isPassed))) return
  const error = { resource: 'Deployment', field: 'required_contexts', code: 'invalid' } as const
  throw new ApiError(409, `Conflict: Commit status checks failed for ${ref}.`, [error])
}

function deploymentJson(links: Links, deployment: Deployment): Schema<'deployment'> {
  const url = deploymentUrl(links, deployment)
  return {
    id: deployment.id,
    node_id: nodeId('Deployment', deployment.id),
    url,
    statuses_url: `${url}/statuses`,
    repository_url: links.api(),
    sha: deployment.sha,
    ref: deployment.ref,
    task: deployment.task,
    environment: deployment.environment,
    original_environment: deployment.environment,
    payload: deployment.payload,
    description: deployment.description,
    creator: simpleUser(links, deployment.creator),
    transient_environment: deployment.isTransient,
    production_environment: deployment.isProduction,
    created_at: deployment.createdAt,
    updated_at: deployment.updatedAt,
  }
}

function statusJson(
  links: Links,
  deployment: Deployment,
  status: DeploymentStatus,
): Schema<'deployment-status'> {
  const url = deploymentUrl(links, deployment)
  return {
    id: status.id,
    node_id: nodeId('DeploymentStatus', status.id),
    url: `${url}/statuses/${String(status.id)}`,
    deployment_url: url,
    repository_url: links.api(),
    state: status.state,
    description: status.description,
    creator: simpleUser(links, status.creator),
    environment: status.environment,
    environment_url: status.environmentUrl,
    log_url: status.logUrl,
    target_url: status.logUrl,
    created_at: status.createdAt,
    updated_at: status.createdAt,
  }
}

function deploymentUrl(links: Links, { id }: Deployment): string {
  return links.api(`deployments/${String(id)}`)
}
