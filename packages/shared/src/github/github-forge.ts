import { commitsBetween } from './changes.ts'
import { checksOf } from './checks.ts'
import { appendLog } from './deployment-log.ts'
import type {
  AnnotatedTag,
  CommitCheck,
  CommitOrigin,
  Comparison,
  Forge,
  LogEntry,
  OpenIssue,
  RunApproval,
  Ticket,
  TicketKey,
  TicketText,
  TicketVersion,
} from './forge.ts'
import { openIssues } from './issues.ts'
import { asking, type Repository } from './octokit.ts'
import { originsOf } from './origins.ts'
import { createTag, tagCommit } from './tags.ts'
import { ticketVersions } from './ticket-versions.ts'
import { findTicket, openTicket, updateTicket } from './tickets.ts'

/** The forge as GitHub serves it. */
export class GitHubForge implements Forge {
  readonly #repository: Repository

  constructor(repository: Repository) {
    this.#repository = repository
  }

  async commitAuthor(commit: string, signal: AbortSignal): Promise<string | undefined> {
    const { octokit, owner, repo } = this.#repository
    return asking(`Reading the commit ${commit}`, 'contents: read', async () => {
      const { data } = await octokit.rest.repos.getCommit({ owner, repo, ref: commit, request: { signal } })
      return data.author !== null && 'login' in data.author ? data.author.login : undefined
    })
  }

  tagCommit(tag: string, signal: AbortSignal): Promise<string | undefined> {
    return tagCommit(this.#repository, tag, signal)
  }

  async approvals(runId: string, signal: AbortSignal): Promise<readonly RunApproval[]> {
    const { octokit, owner, repo } = this.#repository
    return asking(`Reading who approved run ${runId}`, 'actions: read', async () => {
      const asked = { owner, repo, run_id: Number(runId), request: { signal } }
      const { data } = await octokit.rest.actions.getReviewsForRun(asked)
      return data.flatMap((review) =>
        review.environments.map((environment) => ({
          environment: environment.name ?? '',
          by: review.user.login,
          state: review.state,
          comment: review.comment,
        })),
      )
    })
  }

  createTag(tag: AnnotatedTag, signal: AbortSignal): Promise<'created' | 'exists'> {
    return createTag(this.#repository, tag, signal)
  }

  appendLog(entry: LogEntry, signal: AbortSignal): Promise<{ added: boolean; commit: string }> {
    return appendLog(this.#repository, entry, signal)
  }

  commitsBetween(from: string, to: string, signal: AbortSignal): Promise<Comparison | undefined> {
    return commitsBetween(this.#repository, from, to, signal)
  }

  origins(commits: readonly string[], signal: AbortSignal): Promise<readonly CommitOrigin[]> {
    return originsOf(this.#repository, commits, signal)
  }

  checks(commit: string, runId: string, signal: AbortSignal): Promise<readonly CommitCheck[]> {
    return checksOf(this.#repository, commit, runId, signal)
  }

  openIssues(label: string, signal: AbortSignal): Promise<readonly OpenIssue[]> {
    return openIssues(this.#repository, label, signal)
  }

  ticketVersions(number: number, signal: AbortSignal): Promise<readonly TicketVersion[]> {
    return ticketVersions(this.#repository, number, signal)
  }

  findTicket(key: TicketKey, signal: AbortSignal): Promise<Ticket | undefined> {
    return findTicket(this.#repository, key, signal)
  }

  openTicket(key: TicketKey, text: TicketText, signal: AbortSignal): Promise<Ticket> {
    return openTicket(this.#repository, key, text, signal)
  }

  updateTicket(number: number, text: TicketText, signal: AbortSignal): Promise<void> {
    return updateTicket(this.#repository, number, text, signal)
  }
}
