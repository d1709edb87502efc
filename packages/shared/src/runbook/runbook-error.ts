import { UserError } from '../errors.ts'

/** One thing to mend in the runbook file. */
export interface Problem {
  /** From 1. */
  line: number
  /** From 1. */
  column: number
  /** Key path such as `gates.consumer-lag.max`; empty for the whole file. */
  path: string
  /** What was found and what is valid, in one sentence. */
  message: string
}

/** A runbook file that cannot be used, with everything that is wrong with it at once, in the order of the file. */
export class RunbookError extends UserError {
  readonly file: string
  readonly problems: readonly Problem[]

  constructor(file: string, problems: readonly Problem[]) {
    const ordered = problems.toSorted((a, b) => a.line - b.line || a.column - b.column)
    const count = ordered.length === 1 ? '1 problem' : `${ordered.length} problems`
    const lines = ordered.map(({ line, column, path, message }) => {
      return `${file}:${line}:${column}: ${path === '' ? '' : `${path}: `}${message}`
    })
    super(
      `${file} has ${count}:\n${lines.join('\n')}`,
      'Mend the file; docs/runbook-file.md describes every key',
    )
    this.file = file
    this.problems = ordered
  }
}
