import { notFound, unprocessable } from '../errors.ts'
import { describeObject, describeObjects, isSha, writeBlob } from '../git/objects.ts'
import type { GitObject } from '../git/objects.ts'
import type { Git } from '../git/process.ts'
import { resolveCommit } from '../git/refs.ts'
import { isTreePath, listTree, writeTree } from '../git/trees.ts'
import type { TreeChange } from '../git/trees.ts'
import type { Links } from '../links.ts'
import type { Routes, Schema } from '../operation.ts'

/** GitHub cuts a longer listing off and says so. */
const maxEntries = 100_000
const malformed = 'GitRPC::BadObjectState'

interface RequestedEntry {
  path?: string
  mode?: string
  type?: string
  sha?: string | null
  content?: string
}

/** Trees: folders with their files. */
export const gitTrees = {
  'POST /repos/{owner}/{repo}/git/trees': async ({ body }, { git, links }) => {
    if (body.tree.length === 0) throw unprocessable('Invalid tree info')
    const base = body.base_tree === undefined ? undefined : await treeOf(git, body.base_tree)
    if (body.base_tree !== undefined && base === undefined) {
      throw unprocessable('base_tree is not a valid tree oid')
    }
    const entries = body.tree.map(checkEntry)
    await requireObjects(git, entries)
    const changes: TreeChange[] = []
    for (const { path, mode, sha, content } of entries) {
      changes.push({ path, mode, sha: content === undefined ? sha : await writeBlob(git, content) })
    }
    const sha = await writeTree(git, base, changes)
    if (sha === undefined) throw unprocessable(malformed)
    return { status: 201, body: await treeJson(git, links, sha, false) }
  },

  'GET /repos/{owner}/{repo}/git/trees/{tree_sha}': async ({ path, query }, { git, links }) => {
    const sha = await treeOf(git, path.tree_sha)
    if (sha === undefined) throw notFound()
    // Any value asks for all folders, "0" and "false" too.
    return { status: 200, body: await treeJson(git, links, sha, query.recursive !== undefined) }
  },
} satisfies Routes

interface Entry {
  path: string
  mode: string
  sha: string | null
  content: string | undefined
}

async function treeJson(
  git: Git,
  links: Links,
  sha: string,
  recursive: boolean,
): Promise<Schema<'git-tree'>> {
  const entries = await listTree(git, sha, recursive)
  return {
    sha,
    url: links.api(`git/trees/${sha}`),
    truncated: entries.length > maxEntries,
    tree: entries.slice(0, maxEntries).map(({ path, mode, type, sha: entrySha, size }) => ({
      path,
      mode,
      type,
      sha: entrySha,
      ...(size === undefined ? {} : { size }),
      url: links.api(`git/${type}s/${entrySha}`),
    })),
  }
}

/** The tree that a SHA, a branch or a tag names; a commit stands for its tree. */
async function treeOf(git: Git, name: string): Promise<string | undefined> {
  const revision = isSha(name) ? name : await resolveCommit(git, name)
  return revision === undefined ? undefined : (await describeObject(git, `${revision}^{tree}`))?.sha
}

function checkEntry({ path = '', mode, sha, content }: RequestedEntry): Entry {
  if (path.startsWith('/')) throw unprocessable('tree.path cannot start with a slash')
  if (!isTreePath(path)) throw unprocessable('tree.path contains a malformed path component')
  if (mode === undefined) throw unprocessable('Must supply a valid tree.mode')
  if ((sha === undefined) === (content === undefined)) {
    throw unprocessable('Must supply either tree.sha or tree.content')
  }
  return { path, mode, sha: sha ?? null, content }
}

/** Every object that an entry names must be there, and be what the entry's mode says. */
async function requireObjects(git: Git, entries: readonly Entry[]): Promise<void> {
  const named = entries.flatMap(({ mode, sha }) => (sha === null || mode === '160000' ? [] : [{ mode, sha }]))
  const wrong = named.find(({ sha }) => !isSha(sha))
  if (wrong !== undefined) throw unprocessable(`tree.sha ${wrong.sha} is not a valid SHA`)
  const objects = await describeObjects(
    git,
    named.map(({ sha }) => sha),
  )
  for (const [index, { mode, sha }] of named.entries()) {
    const expected: GitObject['type'] = mode === '040000' ? 'tree' : 'blob'
    if (objects[index]?.type !== expected) throw unprocessable(`tree.sha ${sha} is not a valid ${expected}`)
  }
}
