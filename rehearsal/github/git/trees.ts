import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Git } from './process.ts'

export interface TreeEntry {
  path: string
  mode: string
  type: 'blob' | 'tree' | 'commit'
  sha: string
  /** Bytes; only blobs have one. */
  size: number | undefined
}

/** One change to a tree; `sha: null` deletes the file or folder. */
export interface TreeChange {
  path: string
  mode: string
  sha: string | null
}

/** The entries of a tree; with `recursive` those of all folders below it, each folder before its content. */
export async function listTree(git: Git, tree: string, recursive: boolean): Promise<TreeEntry[]> {
  const { stdout } = await git(['ls-tree', '-z', '-l', ...(recursive ? ['-r', '-t'] : []), tree])
  return stdout.toString().split('\0').filter(Boolean).map(parseEntry)
}

/** The entry at `path` of a tree. */
export async function findEntry(git: Git, tree: string, path: string): Promise<TreeEntry | undefined> {
  const { stdout } = await git(['ls-tree', '-z', '-l', tree, '--', path])
  return stdout.toString().split('\0').filter(Boolean).map(parseEntry)[0]
}

/** Whether git allows this path in a tree. */
export function isTreePath(path: string): boolean {
  const refused = ['', '.', '..', '.git']
  return !path.includes('\0') && path.split('/').every((part) => !refused.includes(part.toLowerCase()))
}

/**
 * Applies changes to a base tree (or to an empty one) in an index of its own, and stores the result.
 * `undefined` where a change deletes what is not there. The objects that changes name must exist.
 */
export async function writeTree(
  git: Git,
  base: string | undefined,
  changes: readonly TreeChange[],
): Promise<string | undefined> {
  const directory = await mkdtemp(join(tmpdir(), 'tree-'))
  const index: Git = (args, options = {}) =>
    git(args, { ...options, env: { ...options.env, GIT_INDEX_FILE: join(directory, 'index') } })
  try {
    await index(base === undefined ? ['read-tree', '--empty'] : ['read-tree', base])
    for (const change of changes) if (!(await apply(index, change))) return undefined
    return (await index(['write-tree'])).stdout.toString().trim()
  } finally {
    await rm(directory, { recursive: true })
  }
}

async function apply(index: Git, { path, mode, sha }: TreeChange): Promise<boolean> {
  if (sha !== null && mode !== '040000') {
    await updateIndex(index, [{ path, mode, sha }])
    return true
  }
  const removed = await removePath(index, path)
  if (sha === null) return removed
  const files = (await listTree(index, sha, true)).filter(({ type }) => type !== 'tree')
  await updateIndex(
    index,
    files.map((file) => ({ ...file, path: `${path}/${file.path}` })),
  )
  return true
}

/** Removes a file, or a folder with everything in it, from the index; false if there is neither. */
async function removePath(index: Git, path: string): Promise<boolean> {
  const { stdout } = await index(['ls-files', '-z', '--', path])
  const files = stdout.toString().split('\0').filter(Boolean)
  await updateIndex(
    index,
    files.map((file) => ({ path: file, mode: '0', sha: '0'.repeat(40) })),
  )
  return files.length > 0
}

async function updateIndex(
  index: Git,
  entries: readonly { path: string; mode: string; sha: string }[],
): Promise<void> {
  const input = entries.map(({ path, mode, sha }) => `${mode} ${sha}\t${path}\0`).join('')
  await index(['update-index', '-z', '--replace', '--index-info'], { input })
}

function parseEntry(line: string): TreeEntry {
  const tab = line.indexOf('\t')
  const [mode = '', type, sha = '', size = '-'] = line.slice(0, tab).split(/ +/)
  return {
    path: line.slice(tab + 1),
    mode,
    type: type as TreeEntry['type'],
    sha,
    size: size === '-' ? undefined : Number(size),
  }
}
