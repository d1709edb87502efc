import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals'
import { startTestGitHub, testTimeoutMs } from '../testing.ts'
import type { TestGitHub } from '../testing.ts'

jest.setTimeout(testTimeoutMs)

let hub: TestGitHub
let main: string
const now = new Date('2026-11-23T15:00:00.250Z')

beforeAll(async () => {
  hub = await startTestGitHub(undefined, { now: () => now })
  main = await sha('main')
})
afterAll(() => hub.stop())
afterEach(() => {
  expect(hub.github.violations.splice(0)).toEqual([])
})

async function sha(revision: string): Promise<string> {
  return (await hub.show('rev-parse', revision)).trim()
}

/** A new commit on `parents` with one file more than `base`. */
async function commit(message: string, parents: string[], base?: string): Promise<string> {
  const { git } = hub.octokit.rest
  const entry = {
    path: `log/${message}.json`,
    mode: '100644',
    type: 'blob',
    content: `{"message":"${message}"}`,
  } as const
  const tree = await git.createTree({
    ...hub.at,
    tree: [entry],
    ...(base === undefined ? {} : { base_tree: base }),
  })
  const { data } = await git.createCommit({ ...hub.at, message, tree: tree.data.sha, parents })
  return data.sha
}

describe('annotated tags', () => {
  it('become what git shows', async () => {
    const { git } = hub.octokit.rest
    const tagger = { name: 'rosa', email: 'rosa@example.com', date: '2026-11-23T15:30:00+01:00' }
    const fields = {
      tag: 'v1.1.0-prod',
      message: 'Deployed\n\nrecord: sha256:abc\n',
      object: main,
      type: 'commit',
    } as const
    const { data: tag } = await git.createTag({ ...hub.at, ...fields, tagger })
    expect(tag).toMatchObject({
      tag: fields.tag,
      message: fields.message,
      object: { sha: main, type: 'commit' },
    })
    expect(tag.tagger.date).toBe('2026-11-23T14:30:00Z')
    await git.createRef({ ...hub.at, ref: 'refs/tags/v1.1.0-prod', sha: tag.sha })

    const shown = await hub.show('cat-file', '-p', 'v1.1.0-prod')
    expect(shown).toBe(
      `object ${main}\ntype commit\ntag v1.1.0-prod\ntagger rosa <rosa@example.com> 1795444200 +0100\n\nDeployed\n\nrecord: sha256:abc\n`,
    )
    const { data: ref } = await git.getRef({ ...hub.at, ref: 'tags/v1.1.0-prod' })
    expect(ref.object).toMatchObject({ type: 'tag', sha: tag.sha })
    expect((await git.getTag({ ...hub.at, tag_sha: tag.sha })).data).toEqual(tag)
    await hub.show('fsck', '--strict')
  })

  it('are the bot’s unless somebody is named', async () => {
    const { data } = await hub.octokit.rest.git.createTag({
      ...hub.at,
      tag: 'b',
      message: 'm',
      object: main,
      type: 'commit',
    })
    expect(data.tagger.name).toBe('github-actions[bot]')
    expect(data.tagger.date).toBe('2026-11-23T15:00:00Z')
  })

  it('want an object that is there, of the stated type, and a possible name', async () => {
    const { git } = hub.octokit.rest
    const tag = { ...hub.at, tag: 'v9', message: 'm', object: main, type: 'commit' } as const
    await expect(git.createTag({ ...tag, object: '0'.repeat(40) })).rejects.toMatchObject({ status: 422 })
    await expect(git.createTag({ ...tag, type: 'blob' })).rejects.toMatchObject({ status: 422 })
    await expect(git.createTag({ ...tag, tag: 'v 9' })).rejects.toMatchObject({ status: 422 })
    await expect(git.createTag({ ...tag, object: 'HEAD' })).rejects.toMatchObject({ status: 422 })
    await expect(git.getTag({ ...hub.at, tag_sha: main })).rejects.toMatchObject({ status: 404 })
  })
})

describe('references', () => {
  it('are created once', async () => {
    const ref = { ...hub.at, ref: 'refs/tags/once', sha: main }
    await hub.octokit.rest.git.createRef(ref)
    await expect(hub.octokit.rest.git.createRef(ref)).rejects.toMatchObject({
      status: 422,
      message: expect.stringContaining('Reference already exists'),
    })
  })

  it('are told apart: taken, impossible, without an object', async () => {
    const create = (ref: string, to: string): Promise<unknown> =>
      hub.octokit.rest.git.createRef({ ...hub.at, ref, sha: to })
    await expect(create('refs/heads/main/below', main)).rejects.toThrow('Reference update failed')
    await expect(create('refs/heads/a..b', main)).rejects.toThrow('not a valid ref name')
    await expect(create('heads/x', main)).rejects.toThrow('not a valid ref name')
    await expect(create('refs/heads/x', '1'.repeat(40))).rejects.toThrow('Object does not exist')
    await expect(create('refs/heads/x', main.slice(0, 7))).rejects.toThrow('exactly 40 characters')
  })

  it('are 404 where there are none, and are never part of a name', async () => {
    const { git } = hub.octokit.rest
    await expect(git.getRef({ ...hub.at, ref: 'tags/none' })).rejects.toMatchObject({ status: 404 })
    await expect(git.getRef({ ...hub.at, ref: 'heads/mai' })).rejects.toMatchObject({ status: 404 })
    await expect(git.getRef({ ...hub.at, ref: 'heads/../../config' })).rejects.toMatchObject({ status: 404 })
    expect((await git.listMatchingRefs({ ...hub.at, ref: 'heads/mai' })).data).toHaveLength(1)
  })

  it('move forward, backward only by force, and are deleted', async () => {
    const { git } = hub.octokit.rest
    const next = await commit('next', [main])
    await git.createRef({ ...hub.at, ref: 'refs/heads/feature/x', sha: main })
    const at = { ...hub.at, ref: 'heads/feature/x' }
    expect((await git.updateRef({ ...at, sha: next })).data.object.sha).toBe(next)
    await expect(git.updateRef({ ...at, sha: main })).rejects.toMatchObject({
      status: 422,
      message: expect.stringContaining('Update is not a fast forward'),
    })
    await git.updateRef({ ...at, sha: main, force: true })
    expect(await sha('feature/x')).toBe(main)
    await git.deleteRef(at)
    await expect(git.deleteRef(at)).rejects.toThrow('Reference does not exist')
    await expect(git.updateRef({ ...at, sha: main })).rejects.toThrow('Reference does not exist')
    await expect(git.deleteRef({ ...hub.at, ref: 'heads/main' })).rejects.toMatchObject({ status: 422 })
  })
})

describe('a log on an orphan branch', () => {
  it('begins without parents and grows by commits on top', async () => {
    const { git, repos } = hub.octokit.rest
    const first = await commit('first', [])
    await git.createRef({ ...hub.at, ref: 'refs/heads/deployment-log', sha: first })
    const { data: head } = await git.getCommit({ ...hub.at, commit_sha: first })
    expect(head.parents).toEqual([])
    const second = await commit('second', [first], head.tree.sha)
    await git.updateRef({ ...hub.at, ref: 'heads/deployment-log', sha: second })

    expect(await hub.show('log', '--format=%an %s', 'deployment-log')).toBe(
      'github-actions[bot] second\ngithub-actions[bot] first\n',
    )
    expect(await hub.show('ls-tree', '-r', '--name-only', 'deployment-log')).toBe(
      'log/first.json\nlog/second.json\n',
    )
    await expect(sha('deployment-log~2')).rejects.toThrow()
    const { data } = await repos.getContent({ ...hub.at, path: 'log/second.json', ref: 'deployment-log' })
    if (Array.isArray(data) || data.type !== 'file') throw new Error('no file')
    expect(Buffer.from(data.content, 'base64').toString()).toBe('{"message":"second"}')
  })

  it('lets exactly one of two racing writers win, and the other try again', async () => {
    const { git } = hub.octokit.rest
    const base = await commit('base', [])
    await git.createRef({ ...hub.at, ref: 'refs/heads/race', sha: base })
    const write = async (message: string, parent: string): Promise<string> => {
      const next = await commit(message, [parent], parent)
      try {
        await git.updateRef({ ...hub.at, ref: 'heads/race', sha: next })
        return 'won'
      } catch (error) {
        expect(String(error)).toContain('Update is not a fast forward')
        return 'lost'
      }
    }
    const outcomes = await Promise.all([write('a', base), write('b', base)])
    expect(outcomes.toSorted()).toEqual(['lost', 'won'])
    const loser = outcomes[0] === 'lost' ? 'a' : 'b'
    expect(await write(loser, await sha('race'))).toBe('won')
    expect(await hub.show('ls-tree', '-r', '--name-only', 'race')).toBe(
      'log/a.json\nlog/b.json\nlog/base.json\n',
    )
  })
})

describe('trees, commits and blobs', () => {
  it('add, replace and delete files of a base tree', async () => {
    const { git } = hub.octokit.rest
    const { data: blob } = await git.createBlob({ ...hub.at, content: '\u00ff\n', encoding: 'utf-8' })
    const { data: sub } = await git.createTree({
      ...hub.at,
      tree: [{ path: 'x', mode: '100755', type: 'blob', sha: blob.sha }],
    })
    const { data: one } = await git.createTree({
      ...hub.at,
      base_tree: main,
      tree: [
        { path: 'dir', mode: '040000', type: 'tree', sha: sub.sha },
        { path: 'a b/-c', mode: '100644', type: 'blob', content: 'inline' },
      ],
    })
    const { data: two } = await git.createTree({
      ...hub.at,
      base_tree: one.sha,
      tree: [
        { path: 'README.md', mode: '100644', type: 'blob', sha: null },
        { path: 'dir', mode: '040000', type: 'tree', sha: null },
      ],
    })
    const listed = await git.getTree({ ...hub.at, tree_sha: one.sha, recursive: 'true' })
    expect(listed.data.tree.map(({ path, type }) => `${type} ${path}`)).toEqual([
      'blob README.md',
      'tree a b',
      'blob a b/-c',
      'tree dir',
      'blob dir/x',
    ])
    expect(listed.data.truncated).toBe(false)
    expect(two.tree.map(({ path }) => path)).toEqual(['a b'])
  })

  it('refuse wrong objects', async () => {
    const { git } = hub.octokit.rest
    const entry = { path: 'x', mode: '100644', type: 'blob' } as const
    const create = (...tree: object[]): Promise<unknown> =>
      hub.octokit.request('POST /repos/{owner}/{repo}/git/trees', { ...hub.at, base_tree: main, tree })
    await expect(create({ ...entry, sha: main })).rejects.toThrow('is not a valid blob')
    await expect(create({ ...entry, sha: '2'.repeat(40) })).rejects.toThrow('is not a valid blob')
    await expect(create({ ...entry, path: 'none', sha: null })).rejects.toThrow('BadObjectState')
    await expect(create({ ...entry, path: '../x', content: '' })).rejects.toThrow('malformed path')
    await expect(create({ ...entry, path: 'a/.git/hooks', content: '' })).rejects.toThrow('malformed path')
    await expect(create({ ...entry })).rejects.toThrow('either tree.sha or tree.content')
    await expect(create()).rejects.toThrow('Invalid tree info')
    const tree = await sha('main^{tree}')
    const createCommit = (fields: object): Promise<unknown> =>
      git.createCommit({ ...hub.at, message: 'm', tree, ...fields })
    await expect(createCommit({ tree: main })).rejects.toThrow('Tree SHA does not exist')
    await expect(createCommit({ parents: [tree] })).rejects.toThrow('Parent SHA does not exist')
    await expect(createCommit({ author: { name: '', email: 'a@example.com' } })).rejects.toMatchObject({
      status: 422,
    })
    await expect(git.getCommit({ ...hub.at, commit_sha: tree })).rejects.toMatchObject({ status: 404 })
    await expect(git.getBlob({ ...hub.at, file_sha: main })).rejects.toMatchObject({ status: 404 })
    await expect(git.getTree({ ...hub.at, tree_sha: 'none' })).rejects.toMatchObject({ status: 404 })
    await expect(git.createBlob({ ...hub.at, content: 'ä', encoding: 'base64' })).rejects.toMatchObject({
      status: 422,
    })
  })

  it('keep author and committer apart, and bytes as they are', async () => {
    const { git } = hub.octokit.rest
    const author = { name: 'rosa', email: 'rosa@example.com', date: '2026-01-02T03:04:05Z' }
    const { data } = await git.createCommit({
      ...hub.at,
      message: 'subject\n\nbody — with “quotes”',
      tree: await sha('main^{tree}'),
      author,
      committer: { name: 'ivan', email: 'ivan@example.com' },
    })
    expect(data.author).toEqual(author)
    expect(data.committer).toMatchObject({ name: 'ivan', date: '2026-01-02T03:04:05Z' })
    expect(await hub.show('show', '-s', '--format=%B', data.sha)).toContain('body — with “quotes”')
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
    const { data: blob } = await git.createBlob({
      ...hub.at,
      content: bytes.toString('base64'),
      encoding: 'base64',
    })
    const { data: read } = await git.getBlob({ ...hub.at, file_sha: blob.sha })
    expect(Buffer.from(read.content, 'base64').equals(bytes)).toBe(true)
    expect(read.size).toBe(256)
  })
})
