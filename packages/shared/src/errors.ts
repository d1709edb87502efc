/**
 * Something the reader of the message can mend: an input, a permission, a file, the state of the cluster.
 * The message says what, where and why in one sentence; `next` says what to do.
 */
export class UserError extends Error {
  override readonly name = 'UserError'
  readonly next: string | undefined

  constructor(message: string, next?: string, options?: ErrorOptions) {
    super(message, options)
    this.next = next
  }
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** The message of anything that was thrown, with what the reader can do about it. */
export function explained(error: unknown): string {
  const next = error instanceof UserError ? error.next : undefined
  return next === undefined ? messageOf(error) : `${messageOf(error)} ${next}`
}
