import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals'
import type { Pull } from '../state/pulls.ts'
import { startTestGitHub, testTimeoutMs } from '../testing.ts'
import type { TestGitHub } from '../testing.ts'

jest.setTimeout(testTimeoutMs)

let hub: TestGitHub
let merged: Pull
let head: string

beforeAll(async () => {
  hub = await startTestGitHub([
    { message: 'one', files: { 'a.txt': 'a\n' } },
    { message: 'two', files: { 'a.txt': 'b\n', 'c.txt': 'c\n' } },
  ])
  const { users, pulls } = hub.github.state
  for (const login of ['rosa', 'ivan', 'mara']) users.add({ login, role: 'write' })
  head = (await hub.show('rev-parse', 'main')).trim()
  const base = { ref: 'main', sha: (await hub.show('rev-parse', 'main~1')).trim() }
  merged = pulls.add({
    title: 'Faster consumers',
    author: 'rosa',
    labels: ['performance'],
    head: { ref: 'faster', sha: head },
    base,
    merged: { by: 'mara', sha: head },
    reviews: [
      { author: 'ivan', state: 'CHANGES_REQUESTED', body: 'Why?' },
      { author: 'ivan', state: 'APPROVED' },
      { author: 'mara', state: 'COMMENTED', commit: base.sha },
    ],
  })
  pulls.add({ title: 'Draft', author: 'ivan', head: { ref: 'draft', sha: base.sha }, base, isDraft: true })
})
afterAll(() => hub.stop())
afterEach(() => {
  expect(hub.github.violations.splice(0)).toEqual([])
})

describe('pull requests', () => {
  it('are found by the commit that they brought', async () => {
    const { repos } = hub.octokit.rest
    const { data } = await repos.listPullRequestsAssociatedWithCommit({ ...hub.at, commit_sha: head })
    expect(data).toMatchObject([
      {
        number: merged.issue.number,
        user: { login: 'rosa' },
        merge_commit_sha: head,
        labels: [{ name: 'performance' }],
      },
    ])
    const unknown = repos.listPullRequestsAssociatedWithCommit({ ...hub.at, commit_sha: '1'.repeat(40) })
    await expect(unknown).rejects.toMatchObject({ status: 422 })
  })

  it('tell who merged them and what they changed', async () => {
    const { data } = await hub.octokit.rest.pulls.get({ ...hub.at, pull_number: merged.issue.number })
    expect(data).toMatchObject({
      ...{ state: 'closed', merged: true, merged_by: { login: 'mara' } },
      ...{ changed_files: 2, additions: 2, deletions: 1, commits: 1 },
    })
    await expect(hub.octokit.rest.pulls.get({ ...hub.at, pull_number: 99 })).rejects.toMatchObject({
      status: 404,
    })
  })

  it('have reviews, each of the commit that was reviewed', async () => {
    const { data } = await hub.octokit.rest.pulls.listReviews({ ...hub.at, pull_number: merged.issue.number })
    expect(data.map(({ user, state, commit_id }) => [user?.login, state, commit_id === head])).toEqual([
      ['ivan', 'CHANGES_REQUESTED', true],
      ['ivan', 'APPROVED', true],
      ['mara', 'COMMENTED', false],
    ])
  })

  it('are listed by state and side, and are issues too', async () => {
    const titles = async (parameters: object): Promise<string[]> => {
      const { data } = await hub.octokit.rest.pulls.list({ ...hub.at, ...parameters })
      return data.map(({ title }) => title)
    }
    expect(await titles({})).toEqual(['Draft'])
    expect(await titles({ state: 'all' })).toEqual(['Draft', 'Faster consumers'])
    expect(await titles({ state: 'all', head: 'acme:faster' })).toEqual(['Faster consumers'])
    expect(await titles({ base: 'other' })).toEqual([])
    const { data: issues } = await hub.octokit.rest.issues.listForRepo({ ...hub.at, state: 'all' })
    expect(issues.map((issue) => issue.pull_request !== undefined)).toEqual([true, true])
  })

  it('are not approved by their author', () => {
    expect(() => hub.github.state.pulls.review(merged, { author: 'rosa', state: 'APPROVED' })).toThrow(
      'own pull request',
    )
  })
})
