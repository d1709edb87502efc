import { UserError } from '../errors.ts'
import type { Environment, Runbook } from './schema.ts'
import { didYouMean } from './suggest.ts'

/** The environment of that name; a `UserError` that lists the names when the runbook has none such. */
export function environmentOf(runbook: Runbook, name: string): Environment {
  const names = Object.keys(runbook.environments)
  const found = Object.hasOwn(runbook.environments, name) ? runbook.environments[name] : undefined
  if (found !== undefined) return found
  throw new UserError(
    `The runbook has no environment ${JSON.stringify(name)}${didYouMean(name, names)}`,
    `Its environments: ${names.join(', ')}`,
  )
}

/** Whether versions go no further than this environment: it serves the users; in the others a version is only tried. */
export function isLastEnvironment({ environments }: Pick<Runbook, 'environments'>, name: string): boolean {
  return Object.keys(environments).at(-1) === name
}
