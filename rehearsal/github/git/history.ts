import type { Git } from './process.ts'

export interface LogFilter {
  /** Only commits that changed this path. */
  path?: string | undefined
  /** ISO 8601. */
  since?: string | undefined
  until?: string | undefined
}

export interface FileChange {
  path: string
  /** The path before a rename. */
  previousPath: string | undefined
  status: 'added' | 'removed' | 'modified' | 'renamed' | 'changed'
  /** The blob after the change, or the one that was removed. */
  sha: string
  additions: number
  deletions: number
}

const statuses: Record<string, FileChange['status']> = {
  A: 'added',
  D: 'removed',
  R: 'renamed',
  T: 'changed',
}
const emptyTree = '4b825dc642cb6eb9a060e54bf8d69288fbee4904'

/** The SHAs of a commit and its ancestors, newest first. */
export async function log(git: Git, commit: string, filter: LogFilter = {}): Promise<string[]> {
  const since = filter.since === undefined ? [] : [`--since=${filter.since}`]
  const until = filter.until === undefined ? [] : [`--until=${filter.until}`]
  const path = filter.path === undefined ? [] : [filter.path]
  return revisions(git, [...since, ...until, commit, '--', ...path])
}

/** The SHAs that `to` has and `from` has not, oldest first. */
export function commitsBetween(git: Git, from: string, to: string): Promise<string[]> {
  return revisions(git, ['--reverse', '--topo-order', to, `^${from}`, '--'])
}

/** Whether `ancestor` is `commit` or one of its ancestors. */
export async function isAncestor(git: Git, ancestor: string, commit: string): Promise<boolean> {
  return (await git(['merge-base', '--is-ancestor', ancestor, commit], { expect: [1] })).exitCode === 0
}

/** The best common ancestor of two commits. */
export async function mergeBase(git: Git, one: string, other: string): Promise<string | undefined> {
  const { exitCode, stdout } = await git(['merge-base', one, other], { expect: [1] })
  return exitCode === 0 ? stdout.toString().trim() : undefined
}

/** What changed from one tree to another; `undefined` stands for the empty tree, before the first commit. */
export async function diff(git: Git, from: string | undefined, to: string): Promise<FileChange[]> {
  const { stdout } = await git(['diff-tree', '-r', '-M', '-z', '--raw', '--numstat', from ?? emptyTree, to])
  return parseDiff(stdout.toString().split('\0'))
}

async function revisions(git: Git, args: string[]): Promise<string[]> {
  const { stdout } = await git(['rev-list', ...args])
  return stdout.toString().split('\n').filter(Boolean)
}

/** `--raw` entries first (`:mode mode sha sha status`, path, and a second path for a rename), then `--numstat`. */
function parseDiff(tokens: string[]): FileChange[] {
  const changes: FileChange[] = []
  const numbers: [number, number][] = []
  const take = (): string => tokens.shift() ?? ''
  while (tokens.length > 0) {
    const token = take()
    if (token.startsWith(':')) {
      const [, , from = '', to = '', letter = ''] = token.split(' ')
      const renamed = letter.startsWith('R')
      const previousPath = renamed ? take() : undefined
      const status = statuses[letter.charAt(0)] ?? 'modified'
      const sha = status === 'removed' ? from : to
      changes.push({ path: take(), previousPath, status, sha, additions: 0, deletions: 0 })
    } else if (token !== '') {
      const [additions = '', deletions = '', path] = token.split('\t')
      if (path === '') tokens.splice(0, 2) // a rename: its two paths follow
      numbers.push([lineCount(additions), lineCount(deletions)])
    }
  }
  return changes.map((change, index) => {
    const [additions, deletions] = numbers[index] ?? [0, 0]
    return { ...change, additions, deletions }
  })
}

/** `-` stands for a binary file. */
function lineCount(text: string): number {
  return text === '-' ? 0 : Number(text)
}
