import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { messageOf, UserError } from '../../packages/shared/src/errors.ts'

const run = promisify(execFile)
const noCommit = '0'.repeat(40)

/** What starts a workflow: GitHub's event of that name, at one commit. */
export interface WorkflowEvent {
  name: 'push' | 'workflow_dispatch'
  /** Full name of the branch or tag, such as `refs/tags/v1.2.3`. */
  ref: string
  /** The commit; of an annotated tag, the commit it points at. */
  sha: string
  /** Becomes `github.event` and the file at GITHUB_EVENT_PATH. */
  payload: Record<string, unknown>
}

/** Where the event happened. */
export interface EventSource {
  /** Path of the bare repository. */
  bare: string
  /** owner/name */
  repository: string
  /** Login of who pushed or dispatched. */
  actor: string
  /** Such as `https://github.com`, for the links in the event. */
  server: string
}

/** The event of a pushed tag. `before` is what the tag pointed at, if it was moved. Throws UserError if there is no such tag. */
export async function pushTagEvent(
  source: EventSource,
  { tag, before = noCommit }: { tag: string; before?: string },
): Promise<WorkflowEvent> {
  const ref = `refs/tags/${tag}`
  const sha = await commitOf(source, ref)
  const isNew = before === noCommit
  return {
    name: 'push',
    ref,
    sha,
    payload: {
      ref,
      before,
      // of an annotated tag, too, the commit: it is what GITHUB_SHA holds
      after: sha,
      created: isNew,
      deleted: false,
      forced: !isNew,
      base_ref: await branchAt(source, sha),
      compare: `${source.server}/${source.repository}/compare/${tag}`,
      commits: [],
      head_commit: await describeCommit(source, sha),
      pusher: { name: source.actor },
      ...(await commonFields(source)),
    },
  }
}

/** The event of a workflow started by hand. GitHub sends every input as text, so `true` arrives as "true". */
export async function dispatchEvent(
  source: EventSource,
  {
    ref,
    workflow,
    inputs,
  }: { ref: string; workflow: string; inputs: Record<string, string | boolean | number> },
): Promise<WorkflowEvent> {
  return {
    name: 'workflow_dispatch',
    ref,
    sha: await commitOf(source, ref),
    payload: {
      ref,
      workflow,
      inputs: Object.fromEntries(Object.entries(inputs).map(([name, value]) => [name, String(value)])),
      ...(await commonFields(source)),
    },
  }
}

async function commonFields(source: EventSource): Promise<Record<string, unknown>> {
  const [owner = '', name = ''] = source.repository.split('/')
  const head = await git(source, 'symbolic-ref', 'HEAD')
  return {
    repository: {
      name,
      full_name: source.repository,
      private: true,
      owner: { login: owner, name: owner, type: 'Organization' },
      html_url: `${source.server}/${source.repository}`,
      default_branch: head.replace('refs/heads/', ''),
    },
    sender: { login: source.actor, type: 'User' },
  }
}

async function describeCommit(source: EventSource, sha: string): Promise<Record<string, unknown>> {
  const format = ['%T', '%cI', '%an', '%ae', '%cn', '%ce', '%B'].join('%x00')
  const fields = (await git(source, 'show', '--no-patch', `--format=${format}`, sha)).split('\0')
  const [tree, timestamp, author, authorEmail, committer, committerEmail, message] = fields
  return {
    id: sha,
    tree_id: tree,
    distinct: true,
    message: message?.trim(),
    timestamp,
    url: `${source.server}/${source.repository}/commit/${sha}`,
    author: { name: author, email: authorEmail },
    committer: { name: committer, email: committerEmail },
  }
}

/** The branch whose tip is the commit, or null. */
async function branchAt(source: EventSource, sha: string): Promise<string | null> {
  const branches = await git(
    source,
    'for-each-ref',
    `--points-at=${sha}`,
    '--format=%(refname)',
    'refs/heads',
  )
  const [first = ''] = branches.split('\n')
  return first === '' ? null : first
}

async function commitOf(source: EventSource, ref: string): Promise<string> {
  return git(source, 'rev-parse', '--verify', '--quiet', `${ref}^{commit}`).catch((error: unknown) => {
    throw new UserError(
      `${source.repository} has no ${ref} in ${source.bare}`,
      'push it to the bare repository first',
      { cause: error },
    )
  })
}

async function git(source: EventSource, ...args: string[]): Promise<string> {
  try {
    const { stdout } = await run('git', [`--git-dir=${source.bare}`, ...args])
    return stdout.trim()
  } catch (error) {
    throw new Error(`git ${args[0]} failed in ${source.bare}: ${messageOf(error)}`, { cause: error })
  }
}
