import type { DeploymentRecord } from '../record/schema.ts'

/** How an environment stands that this run has not written to. Plain text. */
export interface AsFound {
  /** After the environment's name: `is unchanged`. */
  readonly state: string
  /** What the reader must do. */
  readonly action: string
}

/**
 * How an environment stands where the run has ended before its first write. That it wrote nothing does not mean that all is
 * as it was: an attempt before it may have left the environment half-way, and somebody else may be at work.
 */
export function asFound({ from, plan, phases }: DeploymentRecord): AsFound {
  const gates = phases.flatMap((phase) => phase.gates)
  const hasFailed = (name: string): boolean =>
    gates.some(({ gate, verdict }) => gate === name && verdict === 'fail')
  if (hasFailed('unchanged-since-plan'))
    return {
      state: 'was changed by somebody else',
      action: 'see by whom, then start a new run if it is still needed.',
    }
  // Who holds the lock, or has closed this deployment by a rollback, may have written much or nothing yet.
  if (hasFailed('no-other-deployment'))
    return {
      state: 'is or was changed by another run',
      action: 'see what that run does, then start a new one if it is still needed.',
    }

  const good = new Map(from?.components.map(({ deployment, image }) => [deployment, image]))
  const isOnGood = plan.every(({ deployment, from: image }) => image === (good.get(deployment) ?? image))
  // Not all of a run may be repeated: then its plan is older than the attempt before it.
  const foundOwnWork = gates.some(
    ({ gate, verdict }) => gate === 'unchanged-since-plan' && verdict === 'warn',
  )
  return isOnGood && !foundOwnWork
    ? { state: 'is unchanged', action: 'mend the cause, then run the workflow again.' }
    : {
        state: `is not on ${from?.version ?? 'what ran before'} any more, since an earlier attempt`,
        action: 'decide now: go back as that attempt says, or mend the cause and run the workflow again.',
      }
}
