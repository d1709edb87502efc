import { replicasOf, type Deployment } from './component.ts'

/** A rolling update in pods. */
export interface RollingStrategy {
  readonly replicas: number
  /** Pods that may exist beyond the replicas. */
  readonly surge: number
  /** Pods that may be missing. */
  readonly unavailable: number
  /** False for `Recreate`: every pod goes before the first new one comes. */
  readonly rolling: boolean
}

/**
 * What the Deployment's strategy means in pods: surge rounds up, unavailable rounds down, and where both come to
 * nothing one pod may be missing (Kubernetes, pkg/controller/deployment/util: ResolveFenceposts).
 */
export function rollingStrategy(deployment: Deployment): RollingStrategy {
  const replicas = replicasOf(deployment)
  if (deployment.spec?.strategy?.type === 'Recreate')
    return { replicas, surge: 0, unavailable: replicas, rolling: false }
  const { maxSurge = '25%', maxUnavailable = '25%' } = deployment.spec?.strategy?.rollingUpdate ?? {}
  const surge = pods(maxSurge, replicas, Math.ceil)
  const unavailable = pods(maxUnavailable, replicas, Math.floor)
  return { replicas, surge, unavailable: surge === 0 && unavailable === 0 ? 1 : unavailable, rolling: true }
}

function pods(value: string | number, replicas: number, round: (value: number) => number): number {
  const percent = /^(\d+)%$/.exec(String(value))?.[1]
  return percent === undefined ? Number(value) : round((Number(percent) * replicas) / 100)
}

/** The strategy as a sentence: `up to 2 more, never fewer than 5 of 6`. */
export function describeStrategy({ replicas, surge, unavailable, rolling }: RollingStrategy): string {
  if (replicas === 0) return 'no pods: nothing will be shown by this rollout'
  if (!rolling) return `Recreate: all ${replicas} pods stop before the first new one starts`
  if (surge + unavailable === 1) {
    return surge === 1
      ? `one at a time, never fewer than ${replicas}`
      : `one at a time, never fewer than ${replicas - 1} of ${replicas}`
  }
  return `up to ${surge} more, never fewer than ${replicas - unavailable} of ${replicas}`
}
