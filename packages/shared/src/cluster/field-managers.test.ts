import { describe, expect, it } from '@jest/globals'
import { deploymentOf } from './component.fixture.ts'
import { allManagers, imagePath, managersOf } from './field-managers.ts'

const imageOf = (container: string) => ({
  'f:spec': {
    'f:template': {
      'f:spec': { 'f:containers': { [`k:{"name":"${container}"}`]: { '.': {}, 'f:image': {} } } },
    },
  },
})

const deployment = deploymentOf()
deployment.metadata = {
  ...deployment.metadata,
  managedFields: [
    { manager: 'kubectl', operation: 'Apply', fieldsType: 'FieldsV1', fieldsV1: imageOf('download-worker') },
    { manager: 'kubectl-scale', operation: 'Update', fieldsV1: { 'f:spec': { 'f:replicas': {} } } },
    {
      manager: 'kube-controller-manager',
      operation: 'Update',
      subresource: 'status',
      fieldsV1: { 'f:status': { 'f:replicas': {} } },
    },
  ],
}

describe('managersOf', () => {
  it('tells who owns one field', () => {
    expect(managersOf(deployment, imagePath('download-worker'))).toEqual([
      { manager: 'kubectl', operation: 'Apply' },
    ])
    expect(managersOf(deployment, ['f:spec', 'f:replicas'])).toEqual([
      { manager: 'kubectl-scale', operation: 'Update' },
    ])
  })

  it('tells containers apart, and finds nobody for a field that nobody wrote', () => {
    expect(managersOf(deployment, imagePath('sidecar'))).toEqual([])
    expect(managersOf(deploymentOf(), imagePath('download-worker'))).toEqual([])
  })

  it('takes a set that it cannot read for one without the field', () => {
    const strange = { metadata: { managedFields: [{ manager: 'x', fieldsV1: { 'f:spec': 'all' } }] } }
    expect(managersOf(strange, ['f:spec', 'f:replicas'])).toEqual([])
  })
})

describe('allManagers', () => {
  it('leaves out who only reports the status', () => {
    expect(allManagers(deployment).map(({ manager }) => manager)).toEqual(['kubectl', 'kubectl-scale'])
  })
})
