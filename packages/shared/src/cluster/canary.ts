import {
  componentState,
  nameOf,
  type ComponentState,
  type Deployment,
  type Pod,
  type ReplicaSet,
} from './component.ts'

/** Whose canaries are meant. */
export interface CanaryPlace {
  readonly pipeline: string
  readonly environment: string
}

/** Names the component that a canary runs beside. */
export const canaryLabel = 'runbook-actions.io/canary-of'

/**
 * The labels of the Deployment that runs a release beside a component for a while. They say that it is ours, whatever it is
 * called: one of the same name without them is somebody else's.
 */
export function canaryLabels(
  component: string,
  { pipeline, environment }: CanaryPlace,
): Record<string, string> {
  return {
    'app.kubernetes.io/managed-by': 'runbook-actions',
    'runbook-actions.io/pipeline': pipeline,
    'runbook-actions.io/environment': environment,
    [canaryLabel]: component,
  }
}

/** A canary that was found, with what it runs. */
export interface Canary {
  /** The Deployment beside which it runs. */
  readonly component: string
  readonly name: string
  readonly state: ComponentState
}

/** The canaries among the Deployments of a namespace, by their labels. */
export function canariesAmong(
  deployments: readonly Deployment[],
  sets: readonly ReplicaSet[],
  pods: readonly Pod[],
  place: CanaryPlace,
): Canary[] {
  return deployments.flatMap((deployment) => {
    const { [canaryLabel]: component, ...labels } = deployment.metadata?.labels ?? {}
    if (component === undefined) return []
    const wanted = Object.entries(canaryLabels(component, place)).filter(([key]) => key !== canaryLabel)
    if (wanted.some(([key, value]) => labels[key] !== value)) return []
    return [{ component, name: nameOf(deployment), state: componentState(deployment, sets, pods) }]
  })
}
