import type { DeploymentRecord } from '@runbook-actions/shared/record/schema.ts'
import type { ComponentRollout } from './component-rollout.ts'

/**
 * The commands that put back what was rolled, last component first. They pin the revision: a bare `rollout undo`
 * toggles when it is run twice. Annotations and ConfigMaps they leave as they are; the record's snapshot has both.
 */
export function goBackCommands(record: DeploymentRecord, rolled: readonly ComponentRollout[]): string[] {
  const written = rolled.filter((change) => change.written && change.before !== undefined).toReversed()
  return written.flatMap(({ component, before }) => [
    `kubectl rollout undo deployment/${component.deployment} --to-revision=${before ?? ''} -n ${record.namespace}`,
    `kubectl rollout status deployment/${component.deployment} -n ${record.namespace} --timeout=5m`,
  ])
}
