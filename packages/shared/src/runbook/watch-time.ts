import { UserError } from '../errors.ts'
import { CHANGE_CLASSES, requirementsFor } from './classes.ts'
import { environmentOf } from './environments.ts'
import type { Runbook } from './schema.ts'

/**
 * How long a release of a class is watched in an environment, in milliseconds: in the environments where it is tried it
 * soaks, where it serves users the critical and the important metrics have times of their own.
 *
 * @throws UserError for an environment or a class that the runbook does not know
 */
export function watchTimeMs(
  runbook: Runbook,
  stage: 'soak' | 'critical' | 'important',
  { environment, class: named }: { readonly environment: string; readonly class: string },
): number {
  if (stage === 'soak') return environmentOf(runbook, environment).soak
  const changeClass = CHANGE_CLASSES.find((name) => name === named)
  if (changeClass === undefined)
    throw new UserError(`The record has a change class "${named}" that does not exist.`)
  const { criticalMs, importantMs } = requirementsFor(runbook, changeClass, environment)
  return stage === 'critical' ? criticalMs : importantMs
}
