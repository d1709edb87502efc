import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals'
import { startTestGitHub, testTimeoutMs } from '../testing.ts'
import type { TestGitHub } from '../testing.ts'

jest.setTimeout(testTimeoutMs)

let hub: TestGitHub
const runId = 4711
const run = { run_id: runId }

beforeAll(async () => {
  hub = await startTestGitHub()
  const { users, environments, runs } = hub.github.state
  for (const login of ['rosa', 'ivan', 'mara']) users.add({ login, role: 'write' })
  environments.set({ name: 'production-team-lead', reviewers: ['ivan', 'rosa'], preventsSelfReview: true })
  environments.set({ name: 'production-on-call', reviewerTeams: [{ slug: 'on-call', members: ['mara'] }] })
  environments.set({ name: 'production', branchPolicy: 'custom', waitTimerMinutes: 10 })
  const headSha = (await hub.show('rev-parse', 'main')).trim()
  runs.add({ id: runId, headRef: 'v1.2.3', headSha, actor: 'rosa' })
  runs.add({
    headRef: 'main',
    headSha,
    actor: 'ivan',
    event: 'workflow_dispatch',
    status: 'completed',
    conclusion: 'failure',
  })
})
afterAll(() => hub.stop())
afterEach(() => {
  expect(hub.github.violations.splice(0)).toEqual([])
})

describe('approvals', () => {
  it('are filed by reviewers, and end the waiting', async () => {
    const { actions } = hub.octokit.rest
    const { runs } = hub.github.state
    runs.waitFor(runId, ['production-team-lead', 'production-on-call'])
    expect((await actions.getWorkflowRun({ ...hub.at, ...run })).data.status).toBe('waiting')
    const { data: pending } = await actions.getPendingDeploymentsForRun({ ...hub.at, ...run })
    expect(pending).toMatchObject([
      { environment: { name: 'production-team-lead' }, reviewers: [{ type: 'User' }, { type: 'User' }] },
      {
        environment: { name: 'production-on-call' },
        reviewers: [{ type: 'Team', reviewer: { slug: 'on-call' } }],
      },
    ])
    runs.review(runId, {
      user: 'ivan',
      environments: ['production-team-lead'],
      state: 'approved',
      comment: 'go',
    })
    runs.review(runId, { user: 'mara', environments: ['production-on-call'], state: 'rejected' })
    const { data: reviews } = await actions.getReviewsForRun({ ...hub.at, ...run })
    expect(reviews).toMatchObject([
      {
        state: 'approved',
        user: { login: 'ivan' },
        comment: 'go',
        environments: [{ name: 'production-team-lead' }],
      },
      {
        state: 'rejected',
        user: { login: 'mara' },
        comment: '',
        environments: [{ name: 'production-on-call' }],
      },
    ])
    expect((await actions.getPendingDeploymentsForRun({ ...hub.at, ...run })).data).toEqual([])
  })

  it('are refused where GitHub would refuse them', () => {
    const { runs } = hub.github.state
    const review = { state: 'approved', environments: ['production-team-lead'] } as const
    expect(() => runs.review(runId, { ...review, user: 'mara' })).toThrow('no reviewer')
    expect(() => runs.review(runId, { ...review, user: 'rosa' })).toThrow('prevents')
    expect(() => runs.review(runId, { ...review, user: 'nobody' })).toThrow('no user "nobody"')
    expect(() => runs.review(1, { ...review, user: 'ivan' })).toThrow('no run 1')
    expect(() => {
      runs.waitFor(runId, ['none'])
    }).toThrow('no environment "none"')
    expect(() => runs.add({ id: runId, headRef: 'x', headSha: 'x', actor: 'rosa' })).toThrow(
      'run 4711 already',
    )
  })
})

describe('runs', () => {
  it('are found by number and listed by filter', async () => {
    const { actions } = hub.octokit.rest
    const ids = async (parameters: object): Promise<number[]> => {
      const { data } = await actions.listWorkflowRunsForRepo({ ...hub.at, ...parameters })
      expect(data.total_count).toBe(data.workflow_runs.length)
      return data.workflow_runs.map(({ id }) => id)
    }
    expect(await ids({})).toHaveLength(2)
    expect(await ids({ branch: 'v1.2.3', event: 'push', actor: 'rosa' })).toEqual([runId])
    expect(await ids({ status: 'failure' })).not.toContain(runId)
    expect(await ids({ head_sha: '1'.repeat(40) })).toEqual([])
    const { data } = await actions.getWorkflowRun({ ...hub.at, ...run })
    expect(data).toMatchObject({
      actor: { login: 'rosa' },
      head_branch: 'v1.2.3',
      head_commit: { message: 'first' },
    })
    await expect(actions.getWorkflowRun({ ...hub.at, run_id: 1 })).rejects.toMatchObject({ status: 404 })
  })

  it('have the jobs of their latest attempt', async () => {
    const { actions } = hub.octokit.rest
    const { runs } = hub.github.state
    runs.addJob(runId, { name: 'plan', status: 'completed', conclusion: 'failure' })
    runs.rerun(runId)
    runs.addJob(runId, { name: 'plan again' })
    const names = async (filter: 'latest' | 'all'): Promise<string[]> => {
      const { data } = await actions.listJobsForWorkflowRun({ ...hub.at, ...run, filter })
      return data.jobs.map(({ name }) => name)
    }
    expect(await names('latest')).toEqual(['plan again'])
    expect(await names('all')).toEqual(['plan', 'plan again'])
    runs.complete(runId, 'success')
    const { data } = await actions.getWorkflowRun({ ...hub.at, ...run })
    expect(data).toMatchObject({ run_attempt: 2, status: 'completed', conclusion: 'success' })
  })
})

describe('environments', () => {
  it('tell their rules', async () => {
    const { repos } = hub.octokit.rest
    const { data: all } = await repos.getAllEnvironments(hub.at)
    expect(all.total_count).toBe(3)
    const { data } = await repos.getEnvironment({ ...hub.at, environment_name: 'Production' })
    expect(data.protection_rules?.map(({ type }) => type)).toEqual(['wait_timer', 'branch_policy'])
    expect(data.deployment_branch_policy).toEqual({ protected_branches: false, custom_branch_policies: true })
    const { data: gate } = await repos.getEnvironment({ ...hub.at, environment_name: 'production-team-lead' })
    expect(gate.protection_rules).toMatchObject([{ type: 'required_reviewers', prevent_self_review: true }])
    await expect(repos.getEnvironment({ ...hub.at, environment_name: 'none' })).rejects.toMatchObject({
      status: 404,
    })
  })
})

describe('people', () => {
  it.each([
    ['admin', 'admin'],
    ['maintain', 'write'],
    ['write', 'write'],
    ['triage', 'read'],
    ['read', 'read'],
    ['none', 'none'],
  ] as const)('with the role %s have the permission %s', async (role, permission) => {
    hub.github.state.users.add({ login: 'somebody', role })
    const { data } = await hub.octokit.rest.repos.getCollaboratorPermissionLevel({
      ...hub.at,
      username: 'Somebody',
    })
    expect(data).toMatchObject({ permission, role_name: role, user: { login: 'somebody' } })
  })

  it('are 404 where nobody knows them', async () => {
    const { repos, users } = hub.octokit.rest
    await expect(users.getByUsername({ username: 'nobody' })).rejects.toMatchObject({ status: 404 })
    const permission = repos.getCollaboratorPermissionLevel({ ...hub.at, username: 'nobody' })
    await expect(permission).rejects.toThrow('nobody is not a user')
    expect((await users.getByUsername({ username: 'github-actions[bot]' })).data.type).toBe('Bot')
  })
})
