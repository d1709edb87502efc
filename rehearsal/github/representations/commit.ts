import { diff } from '../git/history.ts'
import type { FileChange } from '../git/history.ts'
import type { Commit } from '../git/commits.ts'
import { nodeId } from '../links.ts'
import type { Links } from '../links.ts'
import type { Schema } from '../operation.ts'
import type { StandIn } from '../stand-in.ts'
import { simpleUser } from './user.ts'

/** Nothing that the stand-in stores is signed. */
export const unsigned: Schema<'verification'> = {
  verified: false,
  reason: 'unsigned',
  signature: null,
  payload: null,
  verified_at: null,
}

/** A commit with the people behind its addresses, as listings contain it. */
export function commitSummary({ links, state }: StandIn, commit: Commit): Schema<'commit'> {
  const person = (email: string): Schema<'simple-user'> | null => {
    const user = state.users.byEmail(email)
    return user === undefined ? null : simpleUser(links, user)
  }
  return {
    sha: commit.sha,
    node_id: nodeId('Commit', commit.sha),
    url: links.api(`commits/${commit.sha}`),
    html_url: links.html(`commit/${commit.sha}`),
    comments_url: links.api(`commits/${commit.sha}/comments`),
    commit: {
      url: links.api(`git/commits/${commit.sha}`),
      author: commit.author,
      committer: commit.committer,
      message: commit.message,
      tree: { sha: commit.tree, url: links.api(`git/trees/${commit.tree}`) },
      comment_count: 0,
      verification: unsigned,
    },
    author: person(commit.author.email),
    committer: person(commit.committer.email),
    parents: parentLinks(links, commit),
  }
}

/** A commit with the files that it changed against its first parent. */
export async function commitWithFiles(github: StandIn, commit: Commit): Promise<Schema<'commit'>> {
  const files = await diff(github.git, commit.parents[0], commit.sha)
  const [additions, deletions] = [sum(files, 'additions'), sum(files, 'deletions')]
  return {
    ...commitSummary(github, commit),
    stats: { additions, deletions, total: additions + deletions },
    files: files.map((file) => changedFile(github.links, commit.sha, file)),
  }
}

/** A changed file, without its patch. */
export function changedFile(links: Links, commit: string, file: FileChange): Schema<'diff-entry'> {
  const { path, previousPath, status, sha, additions, deletions } = file
  const encoded = path.split('/').map(encodeURIComponent).join('/')
  return {
    sha,
    filename: path,
    ...(previousPath === undefined ? {} : { previous_filename: previousPath }),
    status,
    additions,
    deletions,
    changes: additions + deletions,
    blob_url: links.html(`blob/${commit}/${encoded}`),
    raw_url: links.html(`raw/${commit}/${encoded}`),
    contents_url: links.api(`contents/${encoded}?ref=${commit}`),
  }
}

/** The total of one count over changed files. */
export function sum(files: readonly FileChange[], count: 'additions' | 'deletions'): number {
  return files.reduce((total, file) => total + file[count], 0)
}

/** The parents of a commit, for the commit's own page and for git data. */
export function parentLinks(
  links: Links,
  { parents }: Commit,
  folder: 'commits' | 'git/commits' = 'commits',
): { sha: string; url: string; html_url: string }[] {
  return parents.map((sha) => ({
    sha,
    url: links.api(`${folder}/${sha}`),
    html_url: links.html(`commit/${sha}`),
  }))
}
