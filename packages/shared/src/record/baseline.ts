import type { Baseline } from './gate-result.ts'
import type { DeploymentRecord } from './schema.ts'

/** What was normal before the deployment, as the gate of that name measured it last before the first write. */
export function baselineOf({ phases }: DeploymentRecord, gate: string): Baseline | undefined {
  return phases
    .flatMap(({ gates }) => gates)
    .findLast((result) => result.gate === gate && result.baseline !== undefined)?.baseline
}
