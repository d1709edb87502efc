export interface RequiredChecks {
  /** The names of check runs or contexts of statuses. */
  contexts: readonly string[]
  /** The branch must be up to date before a merge. */
  isStrict: boolean
  /** A ruleset, or the older protection of one branch. Each is read from a place of its own. */
  source: 'ruleset' | 'protection'
}

/** The checks that branches require. */
export class BranchProtection {
  readonly #rules: (RequiredChecks & { branch: string })[] = []

  /** Requires checks on a branch. */
  requireChecks(
    branch: string,
    contexts: readonly string[],
    { isStrict = false, source = 'ruleset' }: Partial<RequiredChecks> = {},
  ): void {
    this.#rules.push({ branch, contexts, isStrict, source })
  }

  rules(branch: string, source: RequiredChecks['source']): RequiredChecks[] {
    return this.#rules.filter((rule) => rule.branch === branch && rule.source === source)
  }

  isProtected(branch: string): boolean {
    return this.#rules.some((rule) => rule.branch === branch)
  }
}
