import type { PullRequest } from '../record/changes.ts'

/** A reviewer's answer to a run that waited at an environment. */
export interface RunApproval {
  readonly environment: string
  readonly by: string
  readonly state: 'approved' | 'rejected' | 'pending'
  readonly comment: string
}

/** What one append to the deployment log adds. */
export interface LogEntry {
  /** One line of the log, without its end. */
  readonly line: string
  /** By this text a later run finds out that the line is there already; it must be part of the line. */
  readonly key: string
  /** A file kept whole beside the log, such as the deployment record. */
  readonly file: { readonly path: string; readonly content: string }
}

export interface AnnotatedTag {
  readonly name: string
  readonly message: string
  readonly commit: string
}

/** A commit as the forge lists it. */
export interface ForgeCommit {
  readonly sha: string
  /** The whole message, its subject first. */
  readonly message: string
  readonly isMerge: boolean
}

/** What lies between two commits. */
export interface Comparison {
  /** What the second one has and the first one has not, oldest first; fewer than `total` where there are very many. */
  readonly commits: readonly ForgeCommit[]
  readonly total: number
  /** How many commits the first one has and the second one has not. */
  readonly missing: number
  /** Paths that differ between the two. */
  readonly files: readonly string[]
  /** False where more files differ than the forge lists. */
  readonly areAllFiles: boolean
}

/** What a person last said of a pull request. */
export interface Review {
  readonly by: string
  readonly state: 'approved' | 'changes-requested' | 'dismissed'
  /** The commit that was looked at; undefined where the forge knows it no more. */
  readonly commit: string | undefined
}

/** A merged pull request with what people with write access said of it. */
export interface ReviewedPull extends PullRequest {
  /** Undefined where the account is gone. */
  readonly author: string | undefined
  /** Its last commit. */
  readonly head: string
  readonly reviews: readonly Review[]
}

/** A commit with the merged pull requests that brought it. */
export interface CommitOrigin {
  readonly commit: string
  /** The login of who wrote it; undefined where the forge knows no account for the address. */
  readonly author: string | undefined
  readonly pulls: readonly ReviewedPull[]
}

/** A check or a status of a commit. `passed` is a success, `not-run` one that was skipped or has no opinion. */
export interface CommitCheck {
  readonly name: string
  readonly state: 'passed' | 'failed' | 'running' | 'not-run'
  /** How the forge calls its state, such as `timed_out`. */
  readonly detail: string
}

export interface OpenIssue {
  readonly number: number
  readonly title: string
  readonly url: string
  readonly openedAt: Date
}

/** By what the ticket of a deployment is found again. */
export interface TicketKey {
  /** By name, which every attempt of a run has in common. */
  readonly deployment: string
  /** A label that it has; undefined where the runbook gives it none. */
  readonly label: string | undefined
  /** No ticket of it was written to for the last time before. */
  readonly since: Date
  /** Its number, where the record has it already. */
  readonly number: number | undefined
}

/** What a ticket says. */
export interface TicketText {
  readonly title: string
  /** Ends with the deployment's marker. */
  readonly body: string
  readonly labels: readonly string[]
  readonly state: 'open' | 'closed'
}

/** A ticket as it stands in the forge. */
export interface Ticket {
  readonly number: number
  readonly url: string
  readonly body: string
  readonly labels: readonly string[]
}

/** What a ticket said from a moment on, and who made it so. */
export interface TicketVersion {
  readonly body: string
  readonly at: Date
  /** The login; undefined where the account is gone. */
  readonly by: string | undefined
  /** False for a bot, such as the token of a workflow. */
  readonly isPerson: boolean
}

/** The forge as the phases need it. Every method throws a UserError that names the missing permission. */
export interface Forge {
  /** The login of who wrote a commit; undefined where the forge knows no account for the address. */
  commitAuthor(commit: string, signal: AbortSignal): Promise<string | undefined>
  /** The commit that a tag points at now, through an annotated tag; undefined where there is no such tag. */
  tagCommit(tag: string, signal: AbortSignal): Promise<string | undefined>
  /** Who answered for a run, newest last. */
  approvals(runId: string, signal: AbortSignal): Promise<readonly RunApproval[]>
  /**
   * Makes an annotated tag. One that exists on the same commit is success, so that a re-run is.
   *
   * @throws UserError where it exists on another commit
   */
  createTag(tag: AnnotatedTag, signal: AbortSignal): Promise<'created' | 'exists'>
  /** Appends to the log's branch, safe beside other appends. A line whose key is there already is not added again. */
  appendLog(entry: LogEntry, signal: AbortSignal): Promise<{ added: boolean; commit: string }>
  /** What lies between two commits; undefined where the forge knows one of them no more. */
  commitsBetween(from: string, to: string, signal: AbortSignal): Promise<Comparison | undefined>
  /** How commits came in, in the order in which they are asked for. One that the forge does not know is left out. */
  origins(commits: readonly string[], signal: AbortSignal): Promise<readonly CommitOrigin[]>
  /** The checks and statuses of a commit, without those that the workflow of this run has brought itself. */
  checks(commit: string, runId: string, signal: AbortSignal): Promise<readonly CommitCheck[]>
  /** The newest open issues with a label, 100 at most. */
  openIssues(label: string, signal: AbortSignal): Promise<readonly OpenIssue[]>
  /** The ticket of a deployment, if there is one. */
  findTicket(key: TicketKey, signal: AbortSignal): Promise<Ticket | undefined>
  /** What a ticket said since it was opened, oldest first. Of one that was never edited there is no history. */
  ticketVersions(number: number, signal: AbortSignal): Promise<readonly TicketVersion[]>
  /** Opens a deployment's ticket. Where another run opens it at the same time, both get the same one. */
  openTicket(key: TicketKey, text: TicketText, signal: AbortSignal): Promise<Ticket>
  /** Replaces what a ticket says. One that becomes closed is closed as completed. */
  updateTicket(number: number, text: TicketText, signal: AbortSignal): Promise<void>
}
