import type { DeploymentRecord } from '../record/schema.ts'
import { shellWord } from '../runbook/shell-word.ts'

/**
 * The commands that put back what the release changes, last component first. With the snapshot they name revisions:
 * a bare `rollout undo` toggles when it is run twice. Before the first write the images of the plan stand for them.
 */
export function rollbackCommands({ plan, snapshot, namespace }: DeploymentRecord): string[] {
  const revisions = new Map(snapshot?.deployments.map(({ deployment, revision }) => [deployment, revision]))
  const changing = plan
    .filter(({ from, to, restartedAt }) => from !== to || restartedAt !== undefined)
    .toReversed()
  return changing.map(({ deployment, container, from }) => {
    const target = `deployment/${deployment}`
    const revision = revisions.get(deployment)
    return revision === undefined
      ? `kubectl set image ${target} ${shellWord(`${container}=${from}`)} -n ${namespace}`
      : `kubectl rollout undo ${target} --to-revision=${revision} -n ${namespace}`
  })
}
