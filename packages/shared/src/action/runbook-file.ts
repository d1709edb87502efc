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
  return readRunbookFile(path).runbook
}

/**
 * The runbook file with its text, which is recorded: a rollback uses the file of the release that it goes back to.
 *
 * @throws UserError where it is missing, and with all its mistakes at once
 */
export function readRunbookFile(path: string): { readonly runbook: Runbook; readonly text: string } {
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
  return { runbook: loadRunbook(text, { file: path }), text }
}
