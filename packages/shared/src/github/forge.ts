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
}

/** By what the ticket of a record is found again. */
export interface TicketKey {
  readonly recordId: string
  /** A label that it has; undefined where the runbook gives it none. */
  readonly label: string | undefined
  /** When the record was opened: no ticket of it is older. */
  readonly openedAt: Date
  /** Its number, where the record has it already. */
  readonly number: number | undefined
}

/** What a ticket says. */
export interface TicketText {
  readonly title: string
  /** Ends with the record's marker. */
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
  /** The merged pull requests that brought a commit. */
  pullRequestsOf(commit: string, signal: AbortSignal): Promise<readonly PullRequest[]>
  /** The ticket of a record, if there is one. */
  findTicket(key: TicketKey, signal: AbortSignal): Promise<Ticket | undefined>
  /** Opens a record's ticket. Where another run opens it at the same time, both get the same one. */
  openTicket(key: TicketKey, text: TicketText, signal: AbortSignal): Promise<Ticket>
  /** Replaces what a ticket says. One that becomes closed is closed as completed. */
  updateTicket(number: number, text: TicketText, signal: AbortSignal): Promise<void>
}
