import { UserError } from '../errors.ts'
import type { AnnotatedTag } from './forge.ts'
import { asking, hasStatus, isRefused, type Repository } from './octokit.ts'

/** The commit behind a tag; undefined where there is no such tag. */
export async function tagCommit(
  { octokit, owner, repo }: Repository,
  tag: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  return asking(`Reading the tag ${tag}`, 'contents: read', async () => {
    try {
      const { data } = await octokit.rest.git.getRef({ owner, repo, ref: `tags/${tag}`, request: { signal } })
      if (data.object.type !== 'tag') return data.object.sha
      const annotated = await octokit.rest.git.getTag({
        owner,
        repo,
        tag_sha: data.object.sha,
        request: { signal },
      })
      return annotated.data.object.sha
    } catch (error) {
      if (hasStatus(error, 404)) return undefined
      throw error
    }
  })
}

/**
 * Makes an annotated tag: an object, then the ref that names it. A ref alone would be a lightweight tag, which says
 * neither who nor when nor why.
 */
export async function createTag(
  repository: Repository,
  { name, message, commit }: AnnotatedTag,
  signal: AbortSignal,
): Promise<'created' | 'exists'> {
  const { octokit, owner, repo } = repository
  return asking(`Creating the tag ${name}`, 'contents: write', async () => {
    const existing = await tagCommit(repository, name, signal)
    if (existing !== undefined) return sameCommit(name, existing, commit)
    const tag = {
      owner,
      repo,
      tag: name,
      message,
      object: commit,
      type: 'commit',
      request: { signal },
    } as const
    const { data } = await octokit.rest.git.createTag(tag)
    try {
      await octokit.rest.git.createRef({
        owner,
        repo,
        ref: `refs/tags/${name}`,
        sha: data.sha,
        request: { signal },
      })
      return 'created'
    } catch (error) {
      if (!isRefused(error, /already exists/i)) throw error
      return sameCommit(name, await tagCommit(repository, name, signal), commit)
    }
  })
}

function sameCommit(name: string, existing: string | undefined, commit: string): 'exists' {
  if (existing === commit) return 'exists'
  throw new UserError(
    `The tag ${name} exists already and points at ${existing ?? 'nothing'}, not at the deployed commit ${commit}.`,
    'Find out what was deployed under that name, then delete the tag or release a new version.',
  )
}
