import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals'
import { startTestGitHub, testTimeoutMs } from '../testing.ts'
import type { TestGitHub } from '../testing.ts'

jest.setTimeout(testTimeoutMs)

let hub: TestGitHub
let sha: string

beforeAll(async () => {
  hub = await startTestGitHub([
    { message: 'one', files: { a: '1' } },
    { message: 'two', files: { a: '2' } },
  ])
  sha = (await hub.show('rev-parse', 'main')).trim()
  await hub.show('tag', 'v1', 'main~1')
})
afterAll(() => hub.stop())
afterEach(() => {
  expect(hub.github.violations.splice(0)).toEqual([])
})

async function deploy(fields: object): Promise<number> {
  const { data } = await hub.octokit.rest.repos.createDeployment({ ...hub.at, ref: 'main', ...fields })
  if (!('id' in data)) throw new Error('no deployment')
  return data.id
}

describe('deployments', () => {
  it('keep their payload and their statuses, and create their environment', async () => {
    const { repos } = hub.octokit.rest
    const payload = { record: 'sha256:abc' }
    const id = await deploy({ environment: 'production', payload, description: 'v1' })
    const status = {
      state: 'in_progress',
      log_url: 'https://example.com/log',
      description: 'rolling',
    } as const
    await repos.createDeploymentStatus({ ...hub.at, deployment_id: id, ...status })
    await repos.createDeploymentStatus({ ...hub.at, deployment_id: id, state: 'success' })
    const { data: statuses } = await repos.listDeploymentStatuses({ ...hub.at, deployment_id: id })
    expect(statuses).toMatchObject([{ state: 'success', log_url: '' }, status])
    const { data: listed } = await repos.listDeployments({ ...hub.at, environment: 'production', sha })
    expect(listed).toMatchObject([
      { id, payload, production_environment: true, creator: { login: 'github-actions[bot]' } },
    ])
    expect((await repos.listDeployments({ ...hub.at, environment: 'staging' })).data).toEqual([])
    expect(
      (await repos.getEnvironment({ ...hub.at, environment_name: 'production' })).data.protection_rules,
    ).toEqual([])
    const unknown = repos.listDeploymentStatuses({ ...hub.at, deployment_id: 1 })
    await expect(unknown).rejects.toMatchObject({ status: 404 })
  })

  it('of the same environment become inactive by a success, unless they are production', async () => {
    const { repos } = hub.octokit.rest
    const state = async (id: number): Promise<string | undefined> =>
      (await repos.listDeploymentStatuses({ ...hub.at, deployment_id: id })).data[0]?.state
    const succeed = async (environment: string): Promise<number> => {
      const id = await deploy({ environment })
      await repos.createDeploymentStatus({ ...hub.at, deployment_id: id, state: 'success' })
      return id
    }
    const [one, two] = [await succeed('test'), await succeed('test')]
    expect([await state(one), await state(two)]).toEqual(['inactive', 'success'])
    const [three, four] = [await succeed('production'), await succeed('production')]
    expect([await state(three), await state(four)]).toEqual(['success', 'success'])
  })

  it('conflict where the ref is behind, unless auto_merge is off', async () => {
    await expect(deploy({ ref: 'v1' })).rejects.toMatchObject({
      status: 409,
      message: expect.stringContaining('Conflict merging main into v1.'),
    })
    await expect(deploy({ ref: 'v1', auto_merge: false })).resolves.toBeGreaterThan(0)
  })

  it('conflict where a check has not passed, unless it is not required', async () => {
    const { checks } = hub.github.state
    checks.addStatus({ sha, context: 'lint', state: 'success' })
    checks.addRun({ sha, name: 'test' })
    await expect(deploy({})).rejects.toThrow('Commit status checks failed for main')
    await expect(deploy({ required_contexts: ['lint'] })).resolves.toBeGreaterThan(0)
    await expect(deploy({ required_contexts: [] })).resolves.toBeGreaterThan(0)
    await expect(deploy({ required_contexts: ['none'] })).rejects.toMatchObject({ status: 409 })
    checks.addRun({ sha, name: 'test', conclusion: 'success' })
    await expect(deploy({})).resolves.toBeGreaterThan(0)
  })

  it('are refused for an unknown ref and a long description', async () => {
    await expect(deploy({ ref: 'none' })).rejects.toThrow('No ref found for: none')
    const status = {
      ...hub.at,
      deployment_id: await deploy({ required_contexts: [] }),
      state: 'success',
    } as const
    const long = hub.octokit.rest.repos.createDeploymentStatus({ ...status, description: 'x'.repeat(141) })
    await expect(long).rejects.toMatchObject({ status: 422 })
  })
})

describe('checks of a commit', () => {
  it('are the newest of each name in its suite', async () => {
    const { checks } = hub.octokit.rest
    const { state } = hub.github
    const other = (await hub.show('rev-parse', 'v1')).trim()
    const { suiteId } = state.checks.addRun({ sha: other, name: 'build', conclusion: 'failure' })
    state.checks.addRun({ sha: other, name: 'build', conclusion: 'success', suiteId })
    state.checks.addRun({ sha: other, name: 'e2e' })
    const results = async (parameters: object): Promise<unknown[]> => {
      const { data } = await checks.listForRef({ ...hub.at, ref: 'v1', ...parameters })
      return data.check_runs.map(({ name, status, conclusion }) => [name, status, conclusion])
    }
    expect(await results({})).toEqual([
      ['e2e', 'in_progress', null],
      ['build', 'completed', 'success'],
    ])
    expect(await results({ filter: 'all', check_name: 'build' })).toHaveLength(2)
    expect(await results({ status: 'completed' })).toHaveLength(1)
    expect(await results({ app_id: 1 })).toEqual([])
    await expect(results({ ref: 'none' })).rejects.toMatchObject({ status: 422 })
  })

  it('combine to one state', async () => {
    const { state } = hub.github
    const commit = (await hub.show('rev-parse', 'v1')).trim()
    const combined = async (): Promise<string> =>
      (await hub.octokit.rest.repos.getCombinedStatusForRef({ ...hub.at, ref: commit })).data.state
    expect(await combined()).toBe('pending')
    state.checks.addStatus({ sha: commit, context: 'a', state: 'success' })
    expect(await combined()).toBe('success')
    state.checks.addStatus({ sha: commit, context: 'b', state: 'pending' })
    expect(await combined()).toBe('pending')
    state.checks.addStatus({ sha: commit, context: 'b', state: 'error' })
    expect(await combined()).toBe('failure')
    state.checks.addStatus({ sha: commit, context: 'b', state: 'success' })
    expect(await combined()).toBe('success')
    const unknown = hub.octokit.rest.repos.getCombinedStatusForRef({ ...hub.at, ref: 'none' })
    await expect(unknown).rejects.toMatchObject({ status: 404 })
  })
})

describe('releases', () => {
  it('create their tag, and are found by it', async () => {
    const { repos } = hub.octokit.rest
    await expect(repos.getLatestRelease(hub.at)).rejects.toMatchObject({ status: 404 })
    const { data } = await repos.createRelease({
      ...hub.at,
      tag_name: 'v3',
      target_commitish: sha,
      body: 'notes',
    })
    expect((await hub.show('rev-parse', 'v3')).trim()).toBe(sha)
    await repos.createRelease({ ...hub.at, tag_name: 'v4-rc', prerelease: true })
    expect((await repos.getLatestRelease(hub.at)).data.id).toBe(data.id)
    expect((await repos.getReleaseByTag({ ...hub.at, tag: 'v3' })).data.body).toBe('notes')
    expect((await repos.listReleases(hub.at)).data.map(({ tag_name }) => tag_name)).toEqual(['v4-rc', 'v3'])
    await expect(repos.createRelease({ ...hub.at, tag_name: 'v3' })).rejects.toMatchObject({ status: 422 })
    const wrong = repos.createRelease({ ...hub.at, tag_name: 'v5', target_commitish: 'none' })
    await expect(wrong).rejects.toMatchObject({ status: 422 })
  })
})
