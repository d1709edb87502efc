import { found, notFound, unprocessable } from '../errors.ts'
import { readCommit, readTag, writeCommit, writeTag } from '../git/commits.ts'
import type { Commit, Signature, Tag } from '../git/commits.ts'
import { describeObject, describeObjects, isSha, readObject, writeBlob } from '../git/objects.ts'
import { GitFailure } from '../git/process.ts'
import { isRefName } from '../git/refs.ts'
import { nodeId } from '../links.ts'
import type { Links } from '../links.ts'
import type { Routes, Schema } from '../operation.ts'
import { base64Lines } from '../representations/base64.ts'
import { parentLinks, unsigned } from '../representations/commit.ts'
import type { StandIn } from '../stand-in.ts'
import type { State } from '../state.ts'
import { isoSeconds } from '../time.ts'

/** Objects of git data: annotated tags, commits and blobs. */
export const gitObjects = {
  'POST /repos/{owner}/{repo}/git/tags': async ({ body }, { git, links, state }) => {
    const { tag, message, object: sha, type } = body
    if (!isRefName(`refs/tags/${tag}`)) throw unprocessable(`tag is not well-formed: ${tag}`)
    const object = isSha(sha) ? await describeObject(git, sha) : undefined
    if (object === undefined) throw unprocessable('Object does not exist')
    if (object.type !== type) throw unprocessable(`The object is a ${object.type}, not a ${type}`)
    const tagger = signature(state, body.tagger)
    const content = { tag, message, object: { sha, type }, tagger }
    const written = await accepted(writeTag(git, content))
    return { status: 201, body: tagJson(links, found(await readTag(git, written))) }
  },

  'GET /repos/{owner}/{repo}/git/tags/{tag_sha}': async ({ path }, { git, links }) => {
    requireSha(path.tag_sha)
    return { status: 200, body: tagJson(links, found(await readTag(git, path.tag_sha))) }
  },

  'POST /repos/{owner}/{repo}/git/commits': async ({ body }, { git, links, state }) => {
    const { message, tree, parents = [] } = body
    await requireTypes({ git, state, links }, tree, parents)
    const author = signature(state, body.author)
    const committer =
      body.committer === undefined ? author : signature(state, { ...author, ...body.committer })
    const written = await accepted(writeCommit(git, { message, tree, parents, author, committer }))
    return { status: 201, body: commitJson(links, found(await readCommit(git, written))) }
  },

  'GET /repos/{owner}/{repo}/git/commits/{commit_sha}': async ({ path }, { git, links }) => {
    requireSha(path.commit_sha)
    return { status: 200, body: commitJson(links, found(await readCommit(git, path.commit_sha))) }
  },

  'POST /repos/{owner}/{repo}/git/blobs': async ({ body }, { git, links }) => {
    const sha = await writeBlob(git, decodeContent(body.content, body.encoding ?? 'utf-8'))
    return { status: 201, body: { sha, url: links.api(`git/blobs/${sha}`) } }
  },

  'GET /repos/{owner}/{repo}/git/blobs/{file_sha}': async ({ path, format }, { git, links }) => {
    requireSha(path.file_sha)
    const blob = await readObject(git, path.file_sha, 'blob')
    if (blob === undefined) throw notFound()
    if (format === 'raw')
      return { status: 200, raw: blob.content, contentType: 'application/vnd.github.raw+json; charset=utf-8' }
    const { sha, size, content } = blob
    const url = links.api(`git/blobs/${sha}`)
    return {
      status: 200,
      body: {
        sha,
        node_id: nodeId('Blob', sha),
        url,
        size,
        content: base64Lines(content),
        encoding: 'base64',
      },
    }
  },
} satisfies Routes

function tagJson(links: Links, { sha, tag, object, tagger, message }: Tag): Schema<'git-tag'> {
  return {
    sha,
    node_id: nodeId('Tag', sha),
    url: links.api(`git/tags/${sha}`),
    tag,
    message,
    tagger,
    object: { ...object, url: links.api(`git/${object.type}s/${object.sha}`) },
    verification: unsigned,
  }
}

function commitJson(links: Links, commit: Commit): Schema<'git-commit'> {
  return {
    sha: commit.sha,
    node_id: nodeId('Commit', commit.sha),
    url: links.api(`git/commits/${commit.sha}`),
    html_url: links.html(`commit/${commit.sha}`),
    author: commit.author,
    committer: commit.committer,
    message: commit.message,
    tree: { sha: commit.tree, url: links.api(`git/trees/${commit.tree}`) },
    parents: parentLinks(links, commit, 'git/commits'),
    verification: unsigned,
  }
}

/** Who acts: whoever the request names, else the bot whose token it is. */
function signature({ users, now }: State, given: Partial<Signature> = {}): Signature {
  const { id, login } = users.bot
  const email = `${String(id)}+${login}@users.noreply.github.com`
  return { name: given.name ?? login, email: given.email ?? email, date: given.date ?? isoSeconds(now()) }
}

async function requireTypes({ git }: StandIn, tree: string, parents: readonly string[]): Promise<void> {
  const [treeObject] = await describeObjects(git, isSha(tree) ? [tree] : [])
  if (treeObject?.type !== 'tree') throw unprocessable('Tree SHA does not exist')
  const commits = parents.every(isSha) ? await describeObjects(git, parents) : [undefined]
  if (commits.some((object) => object?.type !== 'commit')) {
    throw unprocessable('Parent SHA does not exist or is not a commit object')
  }
}

/** What git stored. What it refuses, e.g. an author without a name, is the request's fault: git says why. */
async function accepted(storing: Promise<string>): Promise<string> {
  try {
    return await storing
  } catch (error) {
    if (error instanceof GitFailure) throw unprocessable(error.stderr.trim())
    throw error
  }
}

function requireSha(sha: string): void {
  if (isSha(sha)) return
  throw unprocessable('The sha parameter must be exactly 40 characters and contain only [0-9a-f].')
}

function decodeContent(content: string, encoding: string): Buffer {
  if (encoding === 'utf-8') return Buffer.from(content)
  const isBase64 = /^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(content)
  if (encoding === 'base64' && isBase64) return Buffer.from(content, 'base64')
  throw unprocessable(`The content is not in the encoding "${encoding}"`)
}
