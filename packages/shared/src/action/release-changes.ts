import { workItems, type WorkItem } from '../decide/work-items.ts'
import { explained } from '../errors.ts'
import type { Forge, ForgeCommit } from '../github/forge.ts'
import type { Logger } from '../ports.ts'
import type { Change, Changes, PullRequest } from '../record/changes.ts'
import type { DeploymentRecord } from '../record/schema.ts'
import { clip } from '../report/clip.ts'

/** The newest commits are kept in the record, so many at most: it travels as a job's output. */
const maxKept = 100

/** Of subjects and titles, in characters. */
const maxText = 200

interface Ports {
  readonly forge: Forge
  readonly log: Logger
  readonly signal: AbortSignal
}

/**
 * What the release brings over what runs: commits, their work items and pull requests. Undefined where it is not known
 * from which commit it came. A missing permission to read pull requests is a warning: the commits are told all the same.
 *
 * @param pattern `runbook.ticket.workItems`
 */
export async function collectChanges(
  { from, commit }: Pick<DeploymentRecord, 'from' | 'commit'>,
  pattern: string,
  ports: Ports,
): Promise<Changes | undefined> {
  const base = from?.commit
  if (base === undefined) return undefined
  const comparison = await ports.forge.commitsBetween(base, commit, ports.signal)
  if (comparison === undefined) return undefined

  // A merge tells nothing that its commits do not tell, unless it names a work item.
  const telling = comparison.commits
    .toReversed()
    .map((each) => ({ ...each, items: workItems(each.message, pattern) }))
    .filter(({ isMerge, items }) => !isMerge || items.length > 0)
  const kept = telling.slice(0, maxKept)
  const pulls = await pullRequests(kept, ports)
  return {
    from: base,
    total: comparison.total - comparison.commits.length + telling.length,
    missing: comparison.missing,
    list: kept.map((each) => changeOf(each, pulls.get(each.sha) ?? [], pattern)),
  }
}

function changeOf(
  { sha, message, items }: ForgeCommit & { readonly items: readonly WorkItem[] },
  pulls: readonly PullRequest[],
  pattern: string,
): Change {
  const ofTitles = pulls.flatMap(({ title }) => workItems(title, pattern))
  const known = new Map([...ofTitles, ...items].map(({ key, text }) => [key, clip(text, maxText)]))
  return {
    commit: sha,
    subject: clip(message.split('\n', 1)[0] ?? '', maxText),
    items: [...known].map(([key, text]) => ({ key, text })),
    pulls: pulls.map(({ number, title, url }) => ({ number, title: clip(title, maxText), url })),
  }
}

/** The pull requests by commit. */
async function pullRequests(
  commits: readonly ForgeCommit[],
  { forge, log, signal }: Ports,
): Promise<ReadonlyMap<string, readonly PullRequest[]>> {
  try {
    const origins = await forge.origins(
      commits.map(({ sha }) => sha),
      signal,
    )
    return new Map(origins.map(({ commit, pulls }) => [commit, pulls]))
  } catch (error) {
    if (signal.aborted) throw error
    log.warn(`The ticket tells commits without their pull requests: ${explained(error)}`)
    return new Map()
  }
}
