/** One reviewer's answer. */
export interface Answered {
  readonly environment: string
  readonly by: string
  readonly state: 'approved' | 'rejected' | 'pending'
  readonly comment: string
}

export type ApprovalDecision =
  | { readonly approved: true; readonly by: string; readonly comment: string }
  | {
      readonly approved: false
      readonly reason: string
      readonly next: string
      /** Whose refusal it is; absent where there is only no approval. */
      readonly rejected?: Answered
    }

/**
 * Whether a run is approved: by somebody, at the environment that its class asks for, who neither started it nor wrote
 * what it deploys.
 *
 * @param authors logins of the run's actor and of the commit's author
 */
export function decideApproval(
  answers: readonly Answered[],
  environment: string,
  authors: readonly string[],
): ApprovalDecision {
  const here = answers.filter((answer) => answer.environment === environment)
  const rejected = here.findLast((answer) => answer.state === 'rejected')
  if (rejected !== undefined) {
    const why = rejected.comment === '' ? '' : `: ${rejected.comment}`
    return {
      approved: false,
      rejected,
      reason: `${rejected.by} rejected it at ${environment}${why}.`,
      next: 'Mend what was objected to and release again.',
    }
  }
  const approved = here.filter((answer) => answer.state === 'approved')
  const other = approved.findLast((answer) => !authors.some((author) => sameLogin(author, answer.by)))
  if (other !== undefined) return { approved: true, by: other.by, comment: other.comment }
  const [own] = approved
  if (own !== undefined) {
    return {
      approved: false,
      reason: `${own.by} approved their own change at ${environment}.`,
      next: 'Let somebody else approve, and switch "Prevent self-review" on for that environment.',
    }
  }
  return {
    approved: false,
    reason: `Nobody approved this run at the environment ${environment}.`,
    next: `Give the environment ${environment} required reviewers (Settings, Environments), and let one of them approve.`,
  }
}

/** Logins differ in case only by how somebody typed them. */
export function sameLogin(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase()
}
