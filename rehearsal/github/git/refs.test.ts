import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals'
import fc from 'fast-check'
import { readCommit, writeCommit } from './commits.ts'
import { writeBlob } from './objects.ts'
import { gitIn } from './process.ts'
import type { Git } from './process.ts'
import { createRef, deleteRef, isRefName, listRefs, readRef, updateRef } from './refs.ts'
import { testTimeoutMs } from '../testing.ts'
import { writeTree } from './trees.ts'

jest.setTimeout(testTimeoutMs)

let directory: string
let git: Git
let tree: string

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'refs-'))
  await promisify(execFile)('git', ['init', '--quiet', '--bare', '--initial-branch=main', directory])
  git = gitIn(directory)
  const written = await writeTree(git, undefined, [
    { path: 'a', mode: '100644', sha: await writeBlob(git, 'a') },
  ])
  if (written === undefined) throw new Error('git refused the tree')
  tree = written
})
afterAll(() => rm(directory, { recursive: true }))

async function commit(message: string, ...parents: string[]): Promise<string> {
  const person = { name: 'rosa', email: 'rosa@example.com', date: '2026-11-23T14:00:00Z' }
  return writeCommit(git, { tree, parents, author: person, committer: person, message })
}

describe('names of references', () => {
  const parts = fc.constantFrom(
    'refs',
    'heads',
    'a',
    'B-1',
    '.',
    '..',
    '/',
    '.lock',
    '@{',
    '@',
    '~',
    '^',
    ':',
    '?',
    '*',
    '[',
    '\\',
    ' ',
    '\t',
    '\x7f',
    'ü',
    '-',
  )

  it('are judged as git judges them', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(parts, { minLength: 1, maxLength: 5 }), async (pieces) => {
        const name = `refs/heads/${pieces.join('')}`
        const { exitCode } = await git(['check-ref-format', name], { expect: [1] })
        expect(isRefName(name)).toBe(exitCode === 0)
      }),
      { numRuns: 100 },
    )
  })

  it.each(['main', 'heads/main', 'refs/main', 'refs//x', '--help', ''])('%j is none', (name) => {
    expect(isRefName(name)).toBe(false)
  })
})

describe('moving references', () => {
  it('creates once, tells a collision from a refusal, and deletes once', async () => {
    const sha = await commit('one')
    expect(await createRef(git, 'refs/heads/create', sha)).toBe('created')
    expect(await createRef(git, 'refs/heads/create', sha)).toBe('exists')
    expect(await createRef(git, 'refs/heads/create/below', sha)).toBe('refused')
    expect(await createRef(git, 'refs/heads/tree', tree)).toBe('refused')
    expect(await deleteRef(git, 'refs/heads/create')).toBe(true)
    expect(await deleteRef(git, 'refs/heads/create')).toBe(false)
  })

  it('moves forward only, unless forced', async () => {
    const [first, other] = [await commit('first'), await commit('other')]
    const second = await commit('second', first)
    await createRef(git, 'refs/heads/move', first)
    expect(await updateRef(git, 'refs/heads/move', second, false)).toBe('updated')
    expect(await updateRef(git, 'refs/heads/move', first, false)).toBe('not-fast-forward')
    expect(await updateRef(git, 'refs/heads/move', other, false)).toBe('not-fast-forward')
    expect(await updateRef(git, 'refs/heads/move', other, true)).toBe('updated')
    expect(await updateRef(git, 'refs/heads/move', tree, true)).toBe('refused')
    expect(await updateRef(git, 'refs/heads/none', first, false)).toBe('missing')
  })

  it('lets every forward move of racing writers win that the others have not overtaken', async () => {
    const base = await commit('base')
    await createRef(git, 'refs/heads/race', base)
    const children = await Promise.all(
      Array.from({ length: 8 }, (_, index) => commit(`child ${String(index)}`, base)),
    )
    const outcomes = await Promise.all(children.map((sha) => updateRef(git, 'refs/heads/race', sha, false)))
    expect(outcomes.filter((outcome) => outcome === 'updated')).toHaveLength(1)
    expect(outcomes.filter((outcome) => outcome === 'not-fast-forward')).toHaveLength(7)
    const winner = (await readRef(git, 'refs/heads/race'))?.sha ?? ''
    expect((await readCommit(git, winner))?.parents).toEqual([base])
  })

  it('lists by the beginning of the name', async () => {
    const sha = await commit('listed')
    for (const name of ['v1.0.0', 'v1.0.0-prod', 'v2.0.0']) await createRef(git, `refs/tags/${name}`, sha)
    const names = async (prefix: string): Promise<string[]> =>
      (await listRefs(git, prefix)).map(({ name }) => name)
    expect(await names('refs/tags/v1')).toEqual(['refs/tags/v1.0.0', 'refs/tags/v1.0.0-prod'])
    expect(await names('refs/tags/')).toHaveLength(3)
    expect(await names('refs/tags/*')).toEqual([])
    expect((await readRef(git, 'refs/tags/v1.0.0'))?.name).toBe('refs/tags/v1.0.0')
    expect(await readRef(git, 'refs/tags/v1')).toBeUndefined()
  })
})
