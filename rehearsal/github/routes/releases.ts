import { found, unprocessable, validationFailed } from '../errors.ts'
import { createRef, defaultBranch, readRef, resolveCommit } from '../git/refs.ts'
import { nodeId } from '../links.ts'
import type { Links } from '../links.ts'
import type { Routes, Schema } from '../operation.ts'
import { paginate } from '../paging.ts'
import { simpleUser } from '../representations/user.ts'
import type { Release } from '../state/releases.ts'
import { workflowBot } from '../state/users.ts'

/** Releases. One without an existing tag creates the tag, as on GitHub. */
export const releases = {
  'GET /repos/{owner}/{repo}/releases': (request, { links, state }) => {
    const { items, headers } = paginate(request, state.releases.list())
    return {
      status: 200,
      body: items.map((release) => releaseJson(links, release)),
      headers,
    }
  },

  'POST /repos/{owner}/{repo}/releases': async ({ body }, { git, links, state }) => {
    const { tag_name: tag, target_commitish: wanted, name = null, body: text = null } = body
    const { draft: isDraft = false, prerelease: isPrerelease = false } = body
    const known = state.releases.findByTag(tag)
    if (known !== undefined)
      throw validationFailed({ resource: 'Release', field: 'tag_name', code: 'already_exists' })
    const target = wanted ?? (await defaultBranch(git))
    const ref = `refs/tags/${tag}`
    if (!isDraft && (await readRef(git, ref)) === undefined) {
      const sha = await resolveCommit(git, target)
      const outcome = sha === undefined ? 'refused' : await createRef(git, ref, sha)
      if (outcome === 'refused') throw unprocessable(`The tag ${tag} cannot be created at ${target}`)
    }
    const release = state.releases.create({
      tag,
      target,
      name,
      body: text,
      isDraft,
      isPrerelease,
      author: workflowBot,
    })
    return { status: 201, body: releaseJson(links, release) }
  },

  'GET /repos/{owner}/{repo}/releases/latest': (_request, { links, state }) => {
    const latest = state.releases.list().find((release) => !release.isDraft && !release.isPrerelease)
    return { status: 200, body: releaseJson(links, found(latest)) }
  },

  'GET /repos/{owner}/{repo}/releases/tags/{tag}': ({ path }, { links, state }) => {
    const release = found(state.releases.findByTag(path.tag))
    return { status: 200, body: releaseJson(links, release) }
  },
} satisfies Routes

function releaseJson(links: Links, release: Release): Schema<'release'> {
  const url = links.api(`releases/${String(release.id)}`)
  return {
    id: release.id,
    node_id: nodeId('Release', release.id),
    url,
    assets_url: `${url}/assets`,
    upload_url: `${url}/assets{?name,label}`,
    html_url: links.html(`releases/tag/${encodeURIComponent(release.tag)}`),
    tarball_url: links.api(`tarball/${release.tag}`),
    zipball_url: links.api(`zipball/${release.tag}`),
    tag_name: release.tag,
    target_commitish: release.target,
    name: release.name,
    body: release.body,
    draft: release.isDraft,
    prerelease: release.isPrerelease,
    author: simpleUser(links, release.author),
    assets: [],
    created_at: release.createdAt,
    published_at: release.isDraft ? null : release.createdAt,
  }
}
