import { describeObjects } from './objects.ts'
import type { ObjectType } from './objects.ts'
import { GitFailure } from './process.ts'
import type { Git } from './process.ts'
import { isAncestor } from './history.ts'

export interface Ref {
  /** The whole name, `refs/tags/v1.2.3`. */
  name: string
  sha: string
  type: ObjectType
}

const nothing = '0'.repeat(40)
/** After so many lost races for one reference something else is wrong. */
const maxUpdateAttempts = 50

const refusedForms = [/[~^:?*[\\]/, /\.\.|@\{|\/\/|\/$|\.$/, /(^|\/)\./, /\.lock(\/|$)/]
const blankOrControl = /[^!-~\u{80}-\u{10ffff}]/u

/** git's rules for a reference below `refs/`, with at least three parts (git-check-ref-format). */
export function isRefName(name: string): boolean {
  const isWellFormed = ![...refusedForms, blankOrControl].some((form) => form.test(name))
  return /^refs\/[^/]+\/./.test(name) && isWellFormed
}

/** Every reference whose whole name starts with `prefix` (`refs/tags/v1.2`), in git's order. */
export async function listRefs(git: Git, prefix: string): Promise<Ref[]> {
  const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1)
  const format = '--format=%(refname)%00%(objectname)%00%(objecttype)'
  const { stdout } = await git(['for-each-ref', format, '--', ...(folder === '' ? [] : [folder])])
  return stdout
    .toString()
    .split('\n')
    .filter((line) => line.startsWith(prefix) && line !== '')
    .map((line) => {
      const [name = '', sha = '', type] = line.split('\0')
      return { name, sha, type: type as ObjectType }
    })
}

/** One reference by its whole name. */
export async function readRef(git: Git, name: string): Promise<Ref | undefined> {
  if (!isRefName(name)) return undefined
  return (await listRefs(git, name)).find((ref) => ref.name === name)
}

/**
 * The commit that a revision of the REST API means: a SHA or the beginning of one, a branch, a tag, or a reference
 * with or without `refs/`. An annotated tag is followed to its commit.
 */
export async function resolveCommit(git: Git, revision: string): Promise<string | undefined> {
  const isName = revision === 'HEAD' || /^[0-9a-f]{4,40}$/.test(revision) || isRefName(revision)
  const folders = ['refs/heads/', 'refs/tags/', 'refs/'].map((folder) => `${folder}${revision}`)
  const names = [...(isName ? [revision] : []), ...folders.filter(isRefName)]
  const objects = await describeObjects(
    git,
    names.map((name) => `${name}^{commit}`),
  )
  return objects.find((object) => object !== undefined)?.sha
}

/** The branch that HEAD of the bare repository names. */
export async function defaultBranch(git: Git): Promise<string> {
  const { stdout } = await git(['symbolic-ref', '--short', 'HEAD'])
  return stdout.toString().trim()
}

/** `refused`: git does not let this reference be, e.g. `a/b` beside `a`, or a branch that is no commit. */
export type CreateOutcome = 'created' | 'exists' | 'refused'

/** Creates a reference, only if there is none of that name; git's own lock decides between racing callers. */
export async function createRef(git: Git, name: string, sha: string): Promise<CreateOutcome> {
  try {
    await git(['update-ref', '--no-deref', name, sha, nothing])
    return 'created'
  } catch (error) {
    if (!(error instanceof GitFailure)) throw error
    return (await readRef(git, name)) === undefined ? 'refused' : 'exists'
  }
}

export type UpdateOutcome = 'updated' | 'missing' | 'not-fast-forward' | 'refused'

/**
 * Moves a reference. Without `force` the new commit must descend from the one that the reference names *now*:
 * git compares and swaps, and where another writer was faster the question is asked again.
 */
export async function updateRef(git: Git, name: string, sha: string, force: boolean): Promise<UpdateOutcome> {
  for (let attempt = 0; attempt < maxUpdateAttempts; attempt += 1) {
    const current = await readRef(git, name)
    if (current === undefined) return 'missing'
    if (!force && !(await isFastForward(git, current.sha, sha))) return 'not-fast-forward'
    try {
      await git(['update-ref', '--no-deref', name, sha, current.sha])
      return 'updated'
    } catch (error) {
      if (!(error instanceof GitFailure)) throw error
      if ((await readRef(git, name))?.sha === current.sha) return 'refused'
    }
  }
  throw new Error(`${name} changed ${String(maxUpdateAttempts)} times while it was being updated`)
}

/** Deletes a reference; false if there is none of that name. */
export async function deleteRef(git: Git, name: string): Promise<boolean> {
  if ((await readRef(git, name)) === undefined) return false
  await git(['update-ref', '--no-deref', '-d', name])
  return true
}

async function isFastForward(git: Git, from: string, to: string): Promise<boolean> {
  const [old, next] = await describeObjects(git, [`${from}^{commit}`, `${to}^{commit}`])
  return old !== undefined && next !== undefined && isAncestor(git, old.sha, next.sha)
}
