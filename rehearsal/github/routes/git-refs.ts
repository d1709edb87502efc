import { notFound, unprocessable } from '../errors.ts'
import { describeObject, isSha } from '../git/objects.ts'
import type { Git } from '../git/process.ts'
import { createRef, defaultBranch, deleteRef, isRefName, listRefs, readRef, updateRef } from '../git/refs.ts'
import type { Ref } from '../git/refs.ts'
import { nodeId } from '../links.ts'
import type { Links } from '../links.ts'
import type { Routes, Schema } from '../operation.ts'

const missing = 'Reference does not exist'
const refused = 'Reference update failed'

/** References: branches and tags as names for objects. */
export const gitRefs = {
  'GET /repos/{owner}/{repo}/git/ref/{ref}': async ({ path }, { git, links }) => {
    const ref = await readRef(git, `refs/${path.ref}`)
    if (ref === undefined) throw notFound()
    return { status: 200, body: refJson(links, ref) }
  },

  'GET /repos/{owner}/{repo}/git/matching-refs/{ref}': async ({ path }, { git, links }) => {
    const refs = await listRefs(git, `refs/${path.ref}`)
    return { status: 200, body: refs.map((ref) => refJson(links, ref)) }
  },

  'POST /repos/{owner}/{repo}/git/refs': async ({ body }, { git, links }) => {
    if (!isRefName(body.ref)) throw unprocessable(`${body.ref} is not a valid ref name.`)
    await requireObject(git, body.sha)
    const outcome = await createRef(git, body.ref, body.sha)
    if (outcome === 'exists') throw unprocessable('Reference already exists')
    if (outcome === 'refused') throw unprocessable(refused)
    return { status: 201, body: await currentRef(git, links, body.ref) }
  },

  'PATCH /repos/{owner}/{repo}/git/refs/{ref}': async ({ path, body }, { git, links }) => {
    const name = `refs/${path.ref}`
    await requireObject(git, body.sha)
    const outcome = await updateRef(git, name, body.sha, body.force ?? false)
    if (outcome === 'missing') throw unprocessable(missing)
    if (outcome === 'not-fast-forward') throw unprocessable('Update is not a fast forward')
    if (outcome === 'refused') throw unprocessable(refused)
    return { status: 200, body: await currentRef(git, links, name) }
  },

  'DELETE /repos/{owner}/{repo}/git/refs/{ref}': async ({ path }, { git }) => {
    const name = `refs/${path.ref}`
    if (name === `refs/heads/${await defaultBranch(git)}`)
      throw unprocessable('Cannot delete the default branch')
    if (!(await deleteRef(git, name))) throw unprocessable(missing)
    return { status: 204, body: undefined }
  },
} satisfies Routes

function refJson(links: Links, { name, sha, type }: Ref): Schema<'git-ref'> {
  return {
    ref: name,
    node_id: nodeId('Ref', name),
    url: links.api(`git/${name}`),
    object: { sha, type, url: links.api(`git/${type}s/${sha}`) },
  }
}

async function currentRef(git: Git, links: Links, name: string): Promise<Schema<'git-ref'>> {
  const ref = await readRef(git, name)
  if (ref === undefined) throw unprocessable(missing) // somebody deleted it in the meantime
  return refJson(links, ref)
}

async function requireObject(git: Git, sha: string): Promise<void> {
  if (!isSha(sha)) {
    throw unprocessable('The sha parameter must be exactly 40 characters and contain only [0-9a-f].')
  }
  if ((await describeObject(git, sha)) === undefined) throw unprocessable('Object does not exist')
}
