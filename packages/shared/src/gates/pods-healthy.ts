import { componentsHealth } from './component-health.ts'
import type { Gate } from './gate.ts'

/** After a rollout: Running and READY, none restarted, none of an older template. */
export const podsHealthy: Gate<'cluster'> = {
  name: 'pods-healthy',
  question: 'Check pod health: all pods STATUS=Running, READY=1/1',
  occasions: ['post-deploy'],
  query: ({ cluster }) => `kubectl get pods -n ${cluster.namespace}`,
  measure: componentsHealth,
}
