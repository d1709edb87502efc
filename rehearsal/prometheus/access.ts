import { stringify } from 'yaml'

/** The account with which Prometheus finds pods, and where it lives. */
export interface PrometheusAccount {
  readonly name: string
  readonly namespace: string
}

/** Manifests of an account that may read the pods of the namespaces, and nothing else. */
export function prometheusAccess(account: PrometheusAccount, namespaces: readonly string[]): string {
  const { name } = account
  const objects = namespaces.flatMap((namespace) => [
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata: { name, namespace },
      rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get', 'list', 'watch'] }],
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name, namespace },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
      subjects: [{ kind: 'ServiceAccount', ...account }],
    },
  ])
  const serviceAccount = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: account }
  return [serviceAccount, ...objects].map((object) => stringify(object)).join('---\n')
}
