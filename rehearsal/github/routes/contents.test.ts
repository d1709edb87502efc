import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals'
import { startTestGitHub, testTimeoutMs } from '../testing.ts'
import type { TestGitHub } from '../testing.ts'

jest.setTimeout(testTimeoutMs)

let hub: TestGitHub
const large = 'x'.repeat(1024 * 1024 + 1)
const many = Object.fromEntries(Array.from({ length: 1001 }, (_, index) => [`many/${String(index)}`, 'x']))

beforeAll(async () => {
  hub = await startTestGitHub([
    { message: 'one', files: { 'runbook.yaml': 'version: 1\n', 'k8s/a b.yaml': 'kind: Deployment\n' } },
    { message: 'two', files: { 'runbook.yaml': 'version: 2\n', 'large.txt': large, ...many } },
  ])
})
afterAll(() => hub.stop())
afterEach(() => {
  expect(hub.github.violations.splice(0)).toEqual([])
})

async function text(path: string, ref?: string): Promise<string> {
  const { data } = await hub.octokit.rest.repos.getContent({
    ...hub.at,
    path,
    ...(ref === undefined ? {} : { ref }),
  })
  if (Array.isArray(data) || data.type !== 'file') throw new Error(`${path} is no file`)
  return Buffer.from(data.content, 'base64').toString()
}

async function names(path: string): Promise<string[]> {
  const { data } = await hub.octokit.rest.repos.getContent({ ...hub.at, path })
  if (!Array.isArray(data)) throw new Error(`${path} is no folder`)
  return data.map((entry) => `${entry.type} ${entry.path}`)
}

describe('the content of the repository', () => {
  it('is read at the default branch, a branch, a tag, or a commit', async () => {
    const first = (await hub.show('rev-parse', 'main~1')).trim()
    await hub.show('tag', 'v1', first)
    expect(await text('runbook.yaml')).toBe('version: 2\n')
    expect(await text('runbook.yaml', 'refs/heads/main')).toBe('version: 2\n')
    expect(await text('runbook.yaml', 'v1')).toBe('version: 1\n')
    expect(await text('runbook.yaml', first)).toBe('version: 1\n')
    expect(await text('k8s/a b.yaml')).toBe('kind: Deployment\n')
  })

  it('is listed by folder', async () => {
    expect(await names('')).toEqual(['dir k8s', 'file large.txt', 'dir many', 'file runbook.yaml'])
    expect(await names('k8s/')).toEqual(['file k8s/a b.yaml'])
  })

  it('comes raw when asked for', async () => {
    const { data, headers } = await hub.octokit.rest.repos.getContent({
      ...hub.at,
      path: 'runbook.yaml',
      mediaType: { format: 'raw' },
    })
    expect(headers['content-type']).toContain('application/vnd.github.raw')
    expect(data).toBe('version: 2\n')
  })

  it('is 404 where the path or the ref is unknown', async () => {
    await expect(text('none')).rejects.toMatchObject({ status: 404 })
    await expect(text('k8s/../runbook.yaml')).rejects.toMatchObject({ status: 404 })
    await expect(text('--help')).rejects.toMatchObject({ status: 404 })
    await expect(text('runbook.yaml', 'none')).rejects.toThrow('No commit found for the ref none')
  })

  it('has GitHub’s limits: 1 MB of a file, 1,000 files of a folder', async () => {
    const { data } = await hub.octokit.rest.repos.getContent({ ...hub.at, path: 'large.txt' })
    expect(data).toMatchObject({ size: large.length, content: '', encoding: 'none' })
    expect(await names('many')).toHaveLength(1000)
  })
})
