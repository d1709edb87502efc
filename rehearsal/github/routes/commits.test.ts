import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals'
import { startTestGitHub, testTimeoutMs } from '../testing.ts'
import type { TestGitHub } from '../testing.ts'

jest.setTimeout(testTimeoutMs)

let hub: TestGitHub
const text = 'a line\n'.repeat(20)

beforeAll(async () => {
  hub = await startTestGitHub([
    { message: 'one', files: { 'a.txt': text } },
    { message: 'two\n\nwith a body', files: { 'a.txt': `${text}one more\n`, 'b.txt': 'new\n' } },
    { message: 'three', files: { 'c.txt': 'c\n' } },
  ])
  hub.github.state.users.add({ login: 'rosa', email: 'rosa@example.com', role: 'write' })
  await hub.show('branch', 'release/1.x', 'main~1')
  await hub.show(
    '-c',
    'user.name=Rosa',
    '-c',
    'user.email=rosa@example.com',
    'tag',
    '-am',
    'v',
    'v1.0.0',
    'main~1',
  )
})
afterAll(() => hub.stop())
afterEach(() => {
  expect(hub.github.violations.splice(0)).toEqual([])
})

const sha = async (revision: string): Promise<string> => (await hub.show('rev-parse', revision)).trim()

/** A commit on `release/1.x` that renames a file, made beside the API. */
async function divergentCommit(): Promise<string> {
  const { git } = hub.octokit.rest
  const base = await sha('release/1.x')
  const blob = await sha('release/1.x:a.txt')
  const { data: tree } = await git.createTree({
    ...hub.at,
    base_tree: base,
    tree: [
      { path: 'a.txt', mode: '100644', type: 'blob', sha: null },
      { path: 'moved.txt', mode: '100644', type: 'blob', sha: blob },
    ],
  })
  const { data } = await git.createCommit({ ...hub.at, message: 'rename', tree: tree.sha, parents: [base] })
  return data.sha
}

describe('a commit', () => {
  it('is found by branch, tag and SHA, and names its people and files', async () => {
    const expected = await sha('main~1')
    for (const ref of [
      'release/1.x',
      'heads/release/1.x',
      'v1.0.0',
      'tags/v1.0.0',
      expected,
      expected.slice(0, 8),
    ]) {
      const { data } = await hub.octokit.rest.repos.getCommit({ ...hub.at, ref })
      expect(data.sha).toBe(expected)
    }
    const { data } = await hub.octokit.rest.repos.getCommit({ ...hub.at, ref: expected })
    expect(data.author).toMatchObject({ login: 'rosa' })
    expect(data.commit).toMatchObject({
      message: 'two\n\nwith a body',
      author: { date: '2026-11-23T14:01:00Z' },
    })
    expect(data.files).toMatchObject([
      { filename: 'a.txt', status: 'modified', additions: 1, deletions: 0 },
      { filename: 'b.txt', status: 'added', additions: 1, deletions: 0 },
    ])
    expect(data.stats).toEqual({ additions: 2, deletions: 0, total: 2 })
  })

  it('is 422 where there is none', async () => {
    const get = (ref: string): Promise<unknown> => hub.octokit.rest.repos.getCommit({ ...hub.at, ref })
    for (const ref of ['none', '1'.repeat(40), 'main:a.txt', 'main~1', '@{-1}', 'main\nHEAD']) {
      await expect(get(ref)).rejects.toMatchObject({ status: 422 })
    }
  })

  it('is only its SHA when that is asked for', async () => {
    const { data } = await hub.octokit.rest.repos.getCommit({
      ...hub.at,
      ref: 'main',
      mediaType: { format: 'sha' },
    })
    expect(data).toBe(await sha('main'))
  })
})

describe('the log', () => {
  const list = async (parameters: object): Promise<string[]> => {
    const { data } = await hub.octokit.rest.repos.listCommits({ ...hub.at, ...parameters })
    return data.map(({ commit }) => commit.message.slice(0, 5))
  }

  it('is newest first, by branch, path, time and author', async () => {
    expect(await list({})).toEqual(['three', 'two\n\n', 'one'])
    expect(await list({ sha: 'release/1.x' })).toEqual(['two\n\n', 'one'])
    expect(await list({ path: 'b.txt' })).toEqual(['two\n\n'])
    expect(await list({ since: '2026-11-23T14:01:00Z', until: '2026-11-23T14:01:30Z' })).toEqual(['two\n\n'])
    expect(await list({ author: 'Rosa' })).toHaveLength(3)
    expect(await list({ author: 'ivan' })).toEqual([])
    await expect(list({ sha: 'none' })).rejects.toMatchObject({ status: 404 })
  })

  it('comes in pages', async () => {
    const { data, headers } = await hub.octokit.rest.repos.listCommits({ ...hub.at, per_page: 2 })
    expect(data).toHaveLength(2)
    expect(headers.link).toMatch(/per_page=2&page=2>; rel="next", .*page=2>; rel="last"$/)
    const all = await hub.octokit.paginate(hub.octokit.rest.repos.listCommits, { ...hub.at, per_page: 1 })
    expect(all.map(({ commit }) => commit.message.slice(0, 3))).toEqual(['thr', 'two', 'one'])
  })
})

describe('a comparison', () => {
  const compare = async (basehead: string): Promise<object> =>
    (await hub.octokit.rest.repos.compareCommitsWithBasehead({ ...hub.at, basehead })).data

  it('is ahead, behind, identical or diverged', async () => {
    expect(await compare('main...heads/main')).toMatchObject({ status: 'identical', total_commits: 0 })
    expect(await compare('release/1.x...main')).toMatchObject({
      status: 'ahead',
      ahead_by: 1,
      behind_by: 0,
      commits: [{ commit: { message: 'three' } }],
      files: [{ filename: 'c.txt', status: 'added' }],
    })
    expect(await compare('main...v1.0.0')).toMatchObject({ status: 'behind', behind_by: 1, files: [] })
    expect(await compare(`main...${await divergentCommit()}`)).toMatchObject({
      status: 'diverged',
      ahead_by: 1,
      behind_by: 1,
      merge_base_commit: { sha: await sha('release/1.x') },
      files: [{ filename: 'moved.txt', previous_filename: 'a.txt', status: 'renamed' }],
    })
  })

  it('is 404 without two commits or a common ancestor', async () => {
    const { git } = hub.octokit.rest
    const tree = await sha('main^{tree}')
    const { data: orphan } = await git.createCommit({ ...hub.at, message: 'orphan', tree, parents: [] })
    await expect(compare(`main...${orphan.sha}`)).rejects.toThrow('No common ancestor')
    await expect(compare('main...none')).rejects.toMatchObject({ status: 404 })
    await expect(compare('main')).rejects.toMatchObject({ status: 404 })
  })
})

describe('branches, tags and the repository', () => {
  it('are listed, with what branches require', async () => {
    const { state } = hub.github
    state.branchProtection.requireChecks('main', ['build', 'test'], { isStrict: true })
    state.branchProtection.requireChecks('release/1.x', ['lint'], { source: 'protection' })
    const { repos } = hub.octokit.rest
    const { data: branches } = await repos.listBranches(hub.at)
    expect(branches.map(({ name }) => name)).toEqual(['main', 'release/1.x'])
    const { data: rules } = await repos.getBranchRules({ ...hub.at, branch: 'main' })
    expect(rules).toMatchObject([
      {
        type: 'required_status_checks',
        parameters: { required_status_checks: [{ context: 'build' }, { context: 'test' }] },
      },
    ])
    const { data: branch } = await repos.getBranch({ ...hub.at, branch: 'release/1.x' })
    expect(branch).toMatchObject({
      protected: true,
      protection: { required_status_checks: { contexts: ['lint'] } },
    })
    await expect(repos.getBranch({ ...hub.at, branch: 'none' })).rejects.toMatchObject({ status: 404 })
    const { data: tags } = await repos.listTags(hub.at)
    expect(tags).toMatchObject([{ name: 'v1.0.0', commit: { sha: await sha('main~1') } }])
  })

  it('know the repository, and no other', async () => {
    const { repos } = hub.octokit.rest
    const { data } = await repos.get(hub.at)
    expect(data).toMatchObject({ full_name: 'acme/kafka-pipeline', default_branch: 'main' })
    expect((await repos.get({ owner: 'ACME', repo: 'Kafka-Pipeline' })).data.id).toBe(data.id)
    await expect(repos.get({ owner: 'acme', repo: 'other' })).rejects.toMatchObject({ status: 404 })
  })
})
