import type { Deployment } from './component.ts'

/** The mark that `kubectl rollout restart` sets in a pod template: its pods are made anew. */
export const restartedKey = 'kubectl.kubernetes.io/restartedAt'

/** When the pods of a Deployment were last told to be made anew. */
export function restartedAtOf({ spec }: Deployment): string | undefined {
  return spec?.template.metadata?.annotations?.[restartedKey]
}
