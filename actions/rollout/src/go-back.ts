import { giveBackCommands } from '@runbook-actions/shared/cluster/wake/held-components.ts'
import type { DeploymentRecord } from '@runbook-actions/shared/record/schema.ts'
import type { Sleeper } from '@runbook-actions/shared/record/sleeper.ts'

/**
 * The commands that put back the components that may differ from the snapshot, last one first. They pin the revision: a
 * bare `rollout undo` toggles when it is run twice. Of a configuration change its ConfigMap comes first, from the copy that
 * was kept. Annotations and other ConfigMaps they leave as they are; the record's snapshot has both. What is held awake comes
 * before all: it had no pods of its own.
 */
export function goBackCommands(
  { plan, snapshot, configuration, namespace }: DeploymentRecord,
  changed: ReadonlySet<string>,
  held: readonly Sleeper[],
): string[] {
  const kept = snapshot?.configMaps.find(({ name }) => name === configuration?.configMap)
  const configMap =
    kept === undefined || changed.size === 0
      ? []
      : [
          `kubectl get configmap ${kept.copy} -n ${namespace} -o json | jq '{apiVersion, kind, data, metadata: {name: "${kept.name}"}}' | kubectl replace -n ${namespace} -f -`,
        ]
  const names = plan.map(({ deployment }) => deployment).filter((name) => changed.has(name))
  const undo = names.toReversed().flatMap((name) => {
    const revision = snapshot?.deployments.find(({ deployment }) => deployment === name)?.revision
    if (revision === undefined) return []
    return [
      `kubectl rollout undo deployment/${name} --to-revision=${revision} -n ${namespace}`,
      `kubectl rollout status deployment/${name} -n ${namespace} --timeout=5m`,
    ]
  })
  return [...giveBackCommands(held, namespace), ...configMap, ...undo]
}
