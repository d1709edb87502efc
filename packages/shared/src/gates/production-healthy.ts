import { componentsHealth } from './component-health.ts'
import type { Gate } from './gate.ts'

/** Nothing is rolled onto a production that is unwell already: its trouble would be blamed on the release. */
export const productionHealthy: Gate<'cluster'> = {
  name: 'production-healthy',
  question: 'Check production system health',
  isRecordedOnlyForHotfix: true,
  occasions: ['preflight', 're-check'],
  query: ({ cluster }) => `kubectl get pods -n ${cluster.namespace}; curl http://localhost:8000/health`,
  measure: componentsHealth,
}
