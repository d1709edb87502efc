import { UserError } from '../../errors.ts'
import type { Wake } from '../../record/sleeper.ts'
import { nameOf, replicasOf, type ComponentState } from '../component.ts'

/**
 * How a component is woken where it sleeps when its turn comes, be it now or by then; undefined where it never is.
 *
 * @param replicas what the runbook file asks for, 0 for none
 * @throws UserError where it sleeps and must not be woken
 */
export function decideWake(replicas: number, { deployment, autoscaler }: ComponentState): Wake | undefined {
  if (replicas === 0) return undefined
  const name = nameOf(deployment)
  const isAsleep = replicasOf(deployment) === 0
  if (autoscaler === undefined) return { replicas }
  if (autoscaler.kind === 'HPA') {
    // An HPA never scales to zero: somebody has switched it off by hand.
    if (!isAsleep) return undefined
    throw new UserError(
      `${name} is scaled to zero, which switches its HPA "${autoscaler.name}" off; a pod that is held for the validation would switch it on again.`,
      `Scale it up ("kubectl scale deployment/${name} --replicas=${Math.max(1, autoscaler.min)}"), or leave it out ("components"), and run it again.`,
    )
  }
  if (isAsleep && autoscaler.pausedBy !== undefined)
    throw pausedBySomebody(name, autoscaler.name, autoscaler.pausedBy)
  return { replicas, scaledObject: autoscaler.name }
}

/** A pause of somebody else is a decision: it is neither changed nor taken away. */
export function pausedBySomebody(deployment: string, scaledObject: string, annotation: string): UserError {
  const key = annotation.slice(0, annotation.indexOf(':'))
  return new UserError(
    `${deployment} is scaled to zero, and somebody has paused its ScaledObject "${scaledObject}" (${annotation}): it is not woken for its validation.`,
    `Let KEDA decide again ("kubectl annotate scaledobject/${scaledObject} ${key}-"), or leave the component out ("components"), and run it again.`,
  )
}
