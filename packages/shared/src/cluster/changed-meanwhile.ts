import { UserError } from '../errors.ts'

/** A Deployment is not as the decision to write it saw it. */
export function changedMeanwhile(name: string): UserError {
  return new UserError(
    `Deployment "${name}" was changed by somebody else since it was read; nothing was written.`,
    'See who with "kubectl get deployment --show-managed-fields", then run the deployment again.',
  )
}
