import type { AnyObject, Resource } from '../resources.ts'

const kind = (group: string, version: string, plural: string, name: string): Resource<AnyObject> => ({
  group,
  version,
  plural,
  kind: name,
  namespaced: true,
})

/**
 * What a component's manifest may hold: a Deployment and what stands beside it in its namespace. No Secrets, which do
 * not belong in a repository, and nothing that reaches beyond the namespace or grants permissions.
 */
export const manifestKinds: readonly Resource<AnyObject>[] = [
  kind('apps', 'v1', 'deployments', 'Deployment'),
  kind('', 'v1', 'services', 'Service'),
  kind('', 'v1', 'configmaps', 'ConfigMap'),
  kind('', 'v1', 'serviceaccounts', 'ServiceAccount'),
  kind('policy', 'v1', 'poddisruptionbudgets', 'PodDisruptionBudget'),
  kind('autoscaling', 'v2', 'horizontalpodautoscalers', 'HorizontalPodAutoscaler'),
  kind('networking.k8s.io', 'v1', 'networkpolicies', 'NetworkPolicy'),
  kind('networking.k8s.io', 'v1', 'ingresses', 'Ingress'),
]
