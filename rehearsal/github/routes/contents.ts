import { ApiError, notFound } from '../errors.ts'
import { describeObject, readObject } from '../git/objects.ts'
import { defaultBranch, resolveCommit } from '../git/refs.ts'
import { findEntry, isTreePath, listTree } from '../git/trees.ts'
import type { TreeEntry } from '../git/trees.ts'
import type { Links } from '../links.ts'
import type { Routes, Schema } from '../operation.ts'
import { base64Lines } from '../representations/base64.ts'
import type { StandIn } from '../stand-in.ts'

/** GitHub lists no more files of a folder. */
const maxFolderEntries = 1_000
/** A larger file comes without its content; the raw form and the blob have it. */
const maxContentBytes = 1024 * 1024
const rawType = 'application/vnd.github.raw+json; charset=utf-8'

/** Files and folders at a branch, tag or commit. */
export const contents = {
  'GET /repos/{owner}/{repo}/contents/{path}': async ({ path, query, format }, github) => {
    const { git } = github
    const ref = query.ref ?? (await defaultBranch(git))
    const commit = await resolveCommit(git, ref)
    if (commit === undefined) throw new ApiError(404, `No commit found for the ref ${ref}`)
    const file = path.path.replace(/^\/+|\/+$/g, '')
    if (file === '') return { status: 200, body: await folder(github, commit, ref, '') }
    const entry = isTreePath(file) ? await findEntry(git, commit, file) : undefined
    if (entry === undefined) throw notFound()
    if (entry.type === 'tree') return { status: 200, body: await folder(github, commit, ref, file) }
    const blob = entry.mode === '120000' ? undefined : await readObject(git, entry.sha, 'blob')
    if (blob === undefined) throw new Error('symbolic links and submodules are not served')
    if (format === 'raw') return { status: 200, raw: blob.content, contentType: rawType }
    const isLarge = blob.size > maxContentBytes
    const content = isLarge
      ? { content: '', encoding: 'none' }
      : { content: base64Lines(blob.content), encoding: 'base64' }
    return {
      status: 200,
      body: { ...place(github.links, ref, entry), type: 'file' as const, size: blob.size, ...content },
    }
  },
} satisfies Routes

async function folder(
  { git, links }: StandIn,
  commit: string,
  ref: string,
  path: string,
): Promise<Schema<'content-directory'>> {
  const tree = await describeObject(git, `${commit}:${path}`)
  const entries = tree === undefined ? [] : await listTree(git, tree.sha, false)
  return entries.slice(0, maxFolderEntries).map((entry) => {
    const inside = { ...entry, path: path === '' ? entry.path : `${path}/${entry.path}` }
    return { ...place(links, ref, inside), type: kind(entry), size: entry.size ?? 0 }
  })
}

function kind({ type, mode }: TreeEntry): 'dir' | 'file' | 'submodule' | 'symlink' {
  if (type === 'tree') return 'dir'
  if (type === 'commit') return 'submodule'
  return mode === '120000' ? 'symlink' : 'file'
}

/** What files and folders have in common. */
function place(links: Links, ref: string, { path, type, sha }: TreeEntry): Place {
  const encoded = path.split('/').map(encodeURIComponent).join('/')
  const url = links.api(`contents/${encoded}?ref=${encodeURIComponent(ref)}`)
  const git = links.api(`git/${type}s/${sha}`)
  const html = links.html(`${type === 'tree' ? 'tree' : 'blob'}/${encodeURIComponent(ref)}/${encoded}`)
  const download = type === 'blob' ? links.html(`raw/${encodeURIComponent(ref)}/${encoded}`) : null
  return {
    name: path.slice(path.lastIndexOf('/') + 1),
    path,
    sha,
    url,
    git_url: git,
    html_url: html,
    download_url: download,
    _links: { self: url, git, html },
  }
}

type Place = Pick<
  Schema<'content-directory'>[number],
  'name' | 'path' | 'sha' | 'url' | 'git_url' | 'html_url' | 'download_url' | '_links'
>
