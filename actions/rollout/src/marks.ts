import type { DeploymentRecord } from '@runbook-actions/shared/record/schema.ts'

/**
 * What a Deployment carries to say who rolled what and why. Never in the pod template: a re-run would roll pods.
 * `kubernetes.io/change-cause` is what `kubectl rollout history` shows.
 */
export function deploymentMarks(record: DeploymentRecord): {
  labels: Readonly<Record<string, string>>
  annotations: Readonly<Record<string, string>>
} {
  const { pipeline, version, class: changeClass, run, commit, id } = record
  return {
    labels: {
      'runbook-actions.io/pipeline': pipeline,
      'runbook-actions.io/version': version,
      'runbook-actions.io/run': `${run.id}-${run.attempt}`,
    },
    annotations: {
      'kubernetes.io/change-cause': `${version} (${changeClass}) by ${run.actor}, run ${run.url}`,
      'runbook-actions.io/record': id,
      'runbook-actions.io/commit': commit,
      'runbook-actions.io/run-url': run.url,
    },
  }
}
