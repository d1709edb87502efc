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
}
