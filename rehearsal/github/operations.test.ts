import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals'
import { handlers } from './routes/table.ts'
import type { ServedOperation } from './routes/table.ts'
import { startTestGitHub, testTimeoutMs } from './testing.ts'
import type { TestGitHub } from './testing.ts'

/** Parameters with which each operation that the stand-in serves can succeed. */
type Parameters = Record<ServedOperation, Record<string, unknown>>

const workflow = 'on:\n  workflow_dispatch:\n'
jest.setTimeout(testTimeoutMs)

let hub: TestGitHub
let parameters: Parameters

beforeAll(async () => {
  hub = await startTestGitHub([
    { message: 'first', files: { 'README.md': 'hello\n', '.github/workflows/rollback.yml': workflow } },
    { message: 'second', files: { 'src/app.ts': 'export {}\n' } },
  ])
  parameters = await arrange(hub)
})
afterAll(() => hub.stop())

describe('every operation that the stand-in serves', () => {
  it.each([...handlers.keys()] as ServedOperation[])('%s', async (key) => {
    const repository = key.includes('{repo}') ? hub.at : {}
    const response = await hub.octokit.request(key, { ...repository, ...parameters[key] })

    expect(response.status).toBeLessThan(300)
    expect(hub.github.requests.at(-1)).toMatchObject({ operation: key, status: response.status })
    expect(hub.github.violations.splice(0)).toEqual([])
  })
})

async function arrange({ github: { state }, show }: TestGitHub): Promise<Parameters> {
  const sha = (await show('rev-parse', 'main')).trim()
  const first = (await show('rev-parse', 'main~1')).trim()
  const tree = (await show('rev-parse', 'main^{tree}')).trim()
  const blob = (await show('rev-parse', 'main:README.md')).trim()
  await show('branch', 'behind', first)
  await show('branch', 'obsolete', first)
  await show('-c', 'user.name=Rosa', '-c', 'user.email=rosa@example.com', 'tag', '-a', '-m', 'one', 'v1.0.0')
  const tag = (await show('rev-parse', 'refs/tags/v1.0.0')).trim()

  state.users.add({ login: 'rosa', role: 'maintain', email: 'rosa@example.com' })
  state.users.add({ login: 'ivan', role: 'write' })
  const reviewers = { reviewers: ['ivan'], reviewerTeams: [{ slug: 'leads', members: ['rosa'] }] }
  state.environments.set({ name: 'production', ...reviewers, waitTimerMinutes: 5, branchPolicy: 'custom' })
  const run = state.runs.add({ headRef: 'v1.0.0', headSha: sha, actor: 'rosa' })
  const step = { name: 'Check', status: 'completed', conclusion: 'success' } as const
  state.runs.addJob(run.id, { name: 'plan', status: 'completed', conclusion: 'success', steps: [step] })
  state.runs.waitFor(run.id, ['production'])
  state.runs.review(run.id, { user: 'ivan', environments: ['production'], state: 'approved', comment: 'go' })
  const waiting = state.runs.add({ headRef: 'v1.0.0', headSha: sha, actor: 'rosa' })
  state.runs.waitFor(waiting.id, ['production'])
  const issue = state.issues.open({
    title: 'Ticket',
    author: 'rosa',
    labels: ['deployment'],
    assignees: ['ivan'],
  })
  const comment = state.issues.comment(issue, 'started', 'ivan')
  state.issues.update(issue, { title: 'Renamed' }, 'ivan')
  const sides = { head: { ref: 'feature', sha }, base: { ref: 'main', sha: first } }
  const reviews = [{ author: 'ivan', state: 'APPROVED' } as const]
  const pull = state.pulls.add({ title: 'Change', author: 'rosa', labels: ['patch'], ...sides, reviews })
  state.pulls.merge(pull, 'ivan', sha)
  state.checks.addRun({ sha, name: 'build', conclusion: 'success' })
  state.checks.addStatus({ sha, context: 'lint', state: 'success' })
  state.branchProtection.requireChecks('main', ['build'])
  state.branchProtection.requireChecks('main', ['lint'], { source: 'protection' })
  const fields = { sha, ref: 'main', task: 'deploy', payload: { version: 'v1' }, description: null }
  const place = { environment: 'production', isTransient: false, isProduction: true }
  const deployment = state.deployments.create({ ...fields, ...place, creator: 'rosa' })
  state.releases.create({
    ...{ tag: 'v1.0.0', target: 'main', name: null, body: null },
    ...{ isDraft: false, isPrerelease: false, author: 'rosa' },
  })

  const issueNumber = { issue_number: issue.number }
  const runId = { run_id: run.id }
  return {
    'GET /repos/{owner}/{repo}/git/ref/{ref}': { ref: 'tags/v1.0.0' },
    'GET /repos/{owner}/{repo}/git/matching-refs/{ref}': { ref: 'heads/' },
    'POST /repos/{owner}/{repo}/git/refs': { ref: 'refs/heads/new', sha },
    'PATCH /repos/{owner}/{repo}/git/refs/{ref}': { ref: 'heads/behind', sha },
    'DELETE /repos/{owner}/{repo}/git/refs/{ref}': { ref: 'heads/obsolete' },
    'POST /repos/{owner}/{repo}/git/tags': { tag: 'v1', message: 'm', object: sha, type: 'commit' },
    'GET /repos/{owner}/{repo}/git/tags/{tag_sha}': { tag_sha: tag },
    'POST /repos/{owner}/{repo}/git/commits': { message: 'm', tree, parents: [sha] },
    'GET /repos/{owner}/{repo}/git/commits/{commit_sha}': { commit_sha: sha },
    'POST /repos/{owner}/{repo}/git/blobs': { content: 'aGVsbG8=', encoding: 'base64' },
    'GET /repos/{owner}/{repo}/git/blobs/{file_sha}': { file_sha: blob },
    'POST /repos/{owner}/{repo}/git/trees': {
      base_tree: tree,
      tree: [{ path: 'a/b.txt', mode: '100644', type: 'blob', content: 'x' }],
    },
    'GET /repos/{owner}/{repo}/git/trees/{tree_sha}': { tree_sha: 'main', recursive: '1' },
    'GET /repos/{owner}/{repo}/contents/{path}': { path: 'src', ref: 'main' },
    'GET /repos/{owner}/{repo}': {},
    'GET /repos/{owner}/{repo}/branches': { protected: true },
    'GET /repos/{owner}/{repo}/branches/{branch}': { branch: 'main' },
    'GET /repos/{owner}/{repo}/rules/branches/{branch}': { branch: 'main' },
    'GET /repos/{owner}/{repo}/tags': {},
    'GET /repos/{owner}/{repo}/commits': { sha: 'main', author: 'rosa', path: 'README.md' },
    'GET /repos/{owner}/{repo}/commits/{ref}': { ref: 'v1.0.0' },
    'GET /repos/{owner}/{repo}/compare/{basehead}': { basehead: `${first}...main` },
    'GET /repos/{owner}/{repo}/pulls': { state: 'all' },
    'GET /repos/{owner}/{repo}/commits/{commit_sha}/pulls': { commit_sha: sha },
    'GET /repos/{owner}/{repo}/pulls/{pull_number}': { pull_number: pull.issue.number },
    'GET /repos/{owner}/{repo}/pulls/{pull_number}/reviews': { pull_number: pull.issue.number },
    'GET /repos/{owner}/{repo}/issues': { state: 'all', labels: 'deployment' },
    'POST /repos/{owner}/{repo}/issues': {
      title: 'New',
      body: 'b',
      labels: ['incident'],
      assignees: ['ivan'],
    },
    'GET /repos/{owner}/{repo}/issues/{issue_number}': issueNumber,
    'PATCH /repos/{owner}/{repo}/issues/{issue_number}': { ...issueNumber, state: 'closed' },
    'GET /repos/{owner}/{repo}/issues/{issue_number}/events': issueNumber,
    'GET /repos/{owner}/{repo}/issues/{issue_number}/comments': issueNumber,
    'POST /repos/{owner}/{repo}/issues/{issue_number}/comments': { ...issueNumber, body: 'done' },
    'PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}': { comment_id: comment.id, body: 'edited' },
    'GET /repos/{owner}/{repo}/labels/{name}': { name: 'deployment' },
    'POST /repos/{owner}/{repo}/labels': { name: 'held', color: 'ff0000', description: 'Held' },
    'POST /repos/{owner}/{repo}/issues/{issue_number}/labels': { ...issueNumber, labels: ['held'] },
    'DELETE /repos/{owner}/{repo}/issues/{issue_number}/labels/{name}': { ...issueNumber, name: 'held' },
    'GET /repos/{owner}/{repo}/actions/runs': { status: 'in_progress' },
    'GET /repos/{owner}/{repo}/actions/runs/{run_id}': runId,
    'GET /repos/{owner}/{repo}/actions/runs/{run_id}/jobs': runId,
    'GET /repos/{owner}/{repo}/actions/runs/{run_id}/approvals': runId,
    'GET /repos/{owner}/{repo}/actions/runs/{run_id}/pending_deployments': { run_id: waiting.id },
    'POST /repos/{owner}/{repo}/actions/workflows/{workflow_id}/dispatches': {
      workflow_id: 'rollback.yml',
      ref: 'main',
      return_run_details: true,
    },
    'GET /repos/{owner}/{repo}/commits/{ref}/check-runs': { ref: 'main', check_name: 'build' },
    'GET /repos/{owner}/{repo}/commits/{ref}/status': { ref: 'main' },
    'GET /repos/{owner}/{repo}/deployments': { environment: 'production' },
    'POST /repos/{owner}/{repo}/deployments': { ref: 'main', environment: 'staging' },
    'GET /repos/{owner}/{repo}/deployments/{deployment_id}/statuses': { deployment_id: deployment.id },
    'POST /repos/{owner}/{repo}/deployments/{deployment_id}/statuses': {
      deployment_id: deployment.id,
      state: 'success',
    },
    'GET /repos/{owner}/{repo}/environments': {},
    'GET /repos/{owner}/{repo}/environments/{environment_name}': { environment_name: 'production' },
    'GET /repos/{owner}/{repo}/releases': {},
    'POST /repos/{owner}/{repo}/releases': { tag_name: 'v2.0.0', body: 'notes' },
    'GET /repos/{owner}/{repo}/releases/latest': {},
    'GET /repos/{owner}/{repo}/releases/tags/{tag}': { tag: 'v1.0.0' },
    'GET /users/{username}': { username: 'rosa' },
    'GET /repos/{owner}/{repo}/collaborators/{username}/permission': { username: 'rosa' },
    'GET /rate_limit': {},
  }
}
