import { UserError } from '../errors.ts'
import type { LogEntry } from './forge.ts'
import { asking, hasStatus, isRefused, type Repository } from './octokit.ts'

/** The log's own branch: it has no commit in common with the code, and the code's history stays free of it. */
export const logBranch = 'deployment-log'
export const logFile = 'deployment-log.txt'

/** Appends that may lose a race before this one gives up; each loss means that another one won. */
const attempts = 20

/**
 * Appends one line, and the file that belongs to it, in one commit. Beside other appends: the branch moves forward
 * only from what was read; where another append came first, this one reads again.
 */
export async function appendLog(
  repository: Repository,
  entry: LogEntry,
  signal: AbortSignal,
): Promise<{ added: boolean; commit: string }> {
  return asking(`Appending to the branch ${logBranch}`, 'contents: write', async () => {
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      const tip = await readTip(repository, signal)
      if (tip?.log.split('\n').some((line) => line.includes(entry.key)) === true) {
        return { added: false, commit: tip.commit }
      }
      const commit = await writeCommit(repository, entry, tip, signal)
      if (await moveBranch(repository, commit, tip?.commit, signal)) return { added: true, commit }
    }
    throw new UserError(
      `The branch ${logBranch} was moved ${attempts} times by others while this deployment wanted to append.`,
      'Re-run the job "Finish": it appends what is missing and nothing twice.',
    )
  })
}

interface Tip {
  readonly commit: string
  readonly tree: string
  readonly log: string
}

async function readTip({ octokit, owner, repo }: Repository, signal: AbortSignal): Promise<Tip | undefined> {
  const at = { owner, repo, request: { signal } }
  try {
    const ref = await octokit.rest.git.getRef({ ...at, ref: `heads/${logBranch}` })
    const { data } = await octokit.rest.git.getCommit({ ...at, commit_sha: ref.data.object.sha })
    const tree = await octokit.rest.git.getTree({ ...at, tree_sha: data.tree.sha })
    const file = tree.data.tree.find((node) => node.path === logFile)
    return {
      commit: data.sha,
      tree: data.tree.sha,
      log: await readBlob({ octokit, owner, repo }, file?.sha, signal),
    }
  } catch (error) {
    if (hasStatus(error, 404)) return undefined
    throw error
  }
}

async function readBlob(
  { octokit, owner, repo }: Repository,
  sha: string | undefined,
  signal: AbortSignal,
): Promise<string> {
  if (sha === undefined) return ''
  const { data } = await octokit.rest.git.getBlob({ owner, repo, file_sha: sha, request: { signal } })
  return Buffer.from(data.content, 'base64').toString('utf8')
}

async function writeCommit(
  { octokit, owner, repo }: Repository,
  { line, file }: LogEntry,
  tip: Tip | undefined,
  signal: AbortSignal,
): Promise<string> {
  const at = { owner, repo, request: { signal } }
  const entryOf = (path: string, content: string) => ({
    path,
    mode: '100644' as const,
    type: 'blob' as const,
    content,
  })
  const tree = await octokit.rest.git.createTree({
    ...at,
    ...(tip !== undefined && { base_tree: tip.tree }),
    tree: [entryOf(logFile, `${tip?.log ?? ''}${line}\n`), entryOf(file.path, file.content)],
  })
  const parents = tip === undefined ? [] : [tip.commit]
  const commit = await octokit.rest.git.createCommit({ ...at, message: line, tree: tree.data.sha, parents })
  return commit.data.sha
}

/** False where another append came first. */
async function moveBranch(
  { octokit, owner, repo }: Repository,
  sha: string,
  from: string | undefined,
  signal: AbortSignal,
): Promise<boolean> {
  const at = { owner, repo, sha, request: { signal } }
  try {
    if (from === undefined) await octokit.rest.git.createRef({ ...at, ref: `refs/heads/${logBranch}` })
    else await octokit.rest.git.updateRef({ ...at, ref: `heads/${logBranch}`, force: false })
    return true
  } catch (error) {
    if (isRefused(error, /already exists|not a fast forward|fast-forward/i)) return false
    throw error
  }
}
