import { UserError } from '../../errors.ts'

/** One thing to mend in a manifest. */
export interface ManifestProblem {
  /** From 1. */
  readonly line: number
  readonly message: string
}

/** A manifest that cannot be applied, with everything that is wrong with it at once. Nothing was written. */
export class ManifestError extends UserError {
  readonly problems: readonly ManifestProblem[]

  constructor(file: string, problems: readonly ManifestProblem[], next?: string) {
    const ordered = problems.toSorted((a, b) => a.line - b.line)
    const lines = ordered.map(({ line, message }) => `${file}:${line}: ${message}`)
    const count = ordered.length === 1 ? '1 problem' : `${ordered.length} problems`
    super(
      `The manifest ${file} has ${count}, and nothing was written:\n${lines.join('\n')}`,
      next ?? 'Mend the file and run it again.',
    )
    this.problems = ordered
  }
}
