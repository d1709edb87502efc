// KEDA's own kind as far as the suite knows it: no operator follows it here.
const fields = {
  scaleTargetRef: {
    type: 'object',
    properties: { kind: { type: 'string' }, name: { type: 'string' } },
  },
  minReplicaCount: { type: 'integer' },
  maxReplicaCount: { type: 'integer' },
}

export const scaledObjectDefinition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'scaledobjects.keda.sh' },
  spec: {
    group: 'keda.sh',
    scope: 'Namespaced',
    names: {
      plural: 'scaledobjects',
      singular: 'scaledobject',
      kind: 'ScaledObject',
      listKind: 'ScaledObjectList',
    },
    versions: [
      {
        name: 'v1alpha1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties: fields } } },
        },
      },
    ],
  },
} as const
