import { isoSeconds } from '../time.ts'
import { readObjects } from './objects.ts'
import type { Git } from './process.ts'

/** Who did something, and when. */
export interface Signature {
  name: string
  email: string
  /** ISO 8601 in UTC, whole seconds. */
  date: string
}

export interface Commit {
  sha: string
  tree: string
  parents: string[]
  author: Signature
  committer: Signature
  /** Without the line break at its end. */
  message: string
}

export interface NewCommit {
  tree: string
  parents: readonly string[]
  author: Signature
  committer: Signature
  message: string
}

export interface Tag {
  sha: string
  tag: string
  object: { sha: string; type: string }
  tagger: Signature
  message: string
}

/** The commits with these SHAs, in the same order; those that are not in the repository are left out. */
export async function readCommits(git: Git, shas: readonly string[]): Promise<Commit[]> {
  return (await readObjects(git, shas)).flatMap((object) =>
    object?.type === 'commit' ? [parseCommit(object.sha, object.content.toString())] : [],
  )
}

/** One commit by its SHA. */
export async function readCommit(git: Git, sha: string): Promise<Commit | undefined> {
  const [commit] = await readCommits(git, [sha])
  return commit
}

/** An annotated tag by the SHA of the tag object. */
export async function readTag(git: Git, sha: string): Promise<Tag | undefined> {
  const [object] = await readObjects(git, [sha])
  if (object?.type !== 'tag') return undefined
  const { headers, message } = split(object.content.toString())
  const [target = '', type = '', tag = '', tagger = ''] = ['object', 'type', 'tag', 'tagger'].map(
    (name) => headers.get(name)?.[0] ?? '',
  )
  return { sha, tag, object: { sha: target, type }, tagger: parseSignature(tagger), message }
}

/** Stores a commit. Throws `GitFailure` where git refuses it, e.g. an author without a name. */
export async function writeCommit(git: Git, commit: NewCommit): Promise<string> {
  const parents = commit.parents.flatMap((parent) => ['-p', parent])
  const env = { ...identity('AUTHOR', commit.author), ...identity('COMMITTER', commit.committer) }
  const { stdout } = await git(['commit-tree', commit.tree, ...parents], { input: commit.message, env })
  return stdout.toString().trim()
}

/** Stores an annotated tag. Throws `GitFailure` where git refuses it, e.g. an object of another type than stated. */
export async function writeTag(git: Git, tag: Omit<Tag, 'sha'>): Promise<string> {
  const headers = [
    `object ${tag.object.sha}`,
    `type ${tag.object.type}`,
    `tag ${tag.tag}`,
    `tagger ${plain(tag.tagger.name)} <${plain(tag.tagger.email)}> ${gitDate(tag.tagger.date)}`,
  ]
  const { stdout } = await git(['mktag'], { input: `${headers.join('\n')}\n\n${tag.message}` })
  return stdout.toString().trim()
}

function parseCommit(sha: string, text: string): Commit {
  const { headers, message } = split(text)
  return {
    sha,
    tree: headers.get('tree')?.[0] ?? '',
    parents: headers.get('parent') ?? [],
    author: parseSignature(headers.get('author')?.[0] ?? ''),
    committer: parseSignature(headers.get('committer')?.[0] ?? ''),
    message: message.replace(/\n$/, ''),
  }
}

/** Header lines until the first empty line, then the message. A line that begins with a blank continues its header. */
function split(text: string): { headers: Map<string, string[]>; message: string } {
  const end = text.indexOf('\n\n')
  const head = end === -1 ? text : text.slice(0, end)
  const headers = new Map<string, string[]>()
  for (const line of head.replaceAll('\n ', ' ').split('\n')) {
    const blank = line.indexOf(' ')
    const name = line.slice(0, blank)
    headers.set(name, [...(headers.get(name) ?? []), line.slice(blank + 1)])
  }
  return { headers, message: end === -1 ? '' : text.slice(end + 2) }
}

function parseSignature(text: string): Signature {
  const [, name = '', email = '', seconds = '0'] = /^(.*?) ?<(.*)> (\d+) [+-]\d{4}$/.exec(text) ?? []
  return { name, email, date: isoSeconds(new Date(Number(seconds) * 1000)) }
}

function identity(role: 'AUTHOR' | 'COMMITTER', { name, email, date }: Signature): Record<string, string> {
  return {
    [`GIT_${role}_NAME`]: name,
    [`GIT_${role}_EMAIL`]: email,
    [`GIT_${role}_DATE`]: `@${gitDate(date)}`,
  }
}

/** Seconds since 1970 and the offset that the ISO date was written with. */
function gitDate(iso: string): string {
  const [, offset = '+0000'] = /([+-]\d{2}:?\d{2})$/.exec(iso.slice(10)) ?? []
  return `${String(Math.floor(Date.parse(iso) / 1000))} ${offset.replace(':', '')}`
}

/** What would end the header early, removed, as git itself does for names. */
function plain(text: string): string {
  return text
    .replace(/[<>\n]/g, '')
    .replaceAll('\0', '')
    .trim()
}
