import { showPath } from './key-path.ts'
import { RunbookError } from './runbook-error.ts'
import { type Runbook, runbookSchema } from './schema.ts'
import { violations } from './schema-problems.ts'
import { parseYaml } from './yaml-document.ts'

/**
 * Reads the text of a runbook file, checks all of it and fills in the defaults.
 * Throws a `RunbookError` that names every problem with its line and column; `file` is how messages call the file.
 * `${NAME}` stays unresolved, see `template.ts`.
 */
export function loadRunbook(text: string, { file }: { file: string }): Runbook {
  const document = parseYaml(text, file)
  const result = runbookSchema.safeParse(document.value)
  if (result.success && document.problems.length === 0) return result.data
  const found = violations(runbookSchema, document.value, result.error?.issues ?? []).map((violation) => {
    return { ...document.locate(violation), path: showPath(violation.path), message: violation.message }
  })
  throw new RunbookError(file, [...document.problems, ...found])
}
