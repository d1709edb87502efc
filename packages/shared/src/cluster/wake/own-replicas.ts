import { replicasOf, type Deployment } from '../component.ts'
import { heldAt } from './handle.ts'

/** The replicas that a Deployment has by its team's will: none where the suite holds it awake. */
export function ownReplicas(deployment: Deployment): number {
  const replicas = replicasOf(deployment)
  return heldAt(deployment.metadata?.annotations) === replicas ? 0 : replicas
}
