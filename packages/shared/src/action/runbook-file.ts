import { readFileSync } from 'node:fs'
import { UserError } from '../errors.ts'
import { loadRunbook } from '../runbook/load.ts'
import type { Runbook } from '../runbook/schema.ts'

/**
 * Reads the runbook file.
 *
 * @throws UserError where it is missing, and with all its mistakes at once
 */
export function readRunbook(path: string): Runbook {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    throw new UserError(
      `There is no runbook file at ${path}.`,
      'Check the repository out in a step before this one, or name the file by the input "runbook".',
      { cause },
    )
  }
  return loadRunbook(text, { file: path })
}
