import { describe, expect, it } from '@jest/globals'
import { podNeeds, type PodSpec } from './pod-needs.ts'
import { leftOfQuotas, takenOfQuotas, unnamedForQuotas, type ResourceQuota } from './quota.ts'

const spec: PodSpec = {
  containers: [
    {
      name: 'app',
      resources: {
        requests: { cpu: '250m', memory: '1Gi', 'nvidia.com/gpu': '1', 'ephemeral-storage': '2Gi' },
        limits: { cpu: '1', memory: '2Gi', 'nvidia.com/gpu': '1' },
      },
    },
  ],
}
const bestEffort: PodSpec = { containers: [{ name: 'app' }] }

const quota = (
  hard: Record<string, string>,
  more: ResourceQuota['spec'] = {},
  used?: Record<string, string>,
): ResourceQuota => ({
  metadata: { name: 'team' },
  spec: { hard, ...more },
  status: { hard, used: used ?? Object.fromEntries(Object.keys(hard).map((name) => [name, '0'])) },
})

const taken = (of: PodSpec, ...quotas: ResourceQuota[]) =>
  Object.fromEntries(takenOfQuotas(quotas, of, podNeeds(of, [])))

describe('takenOfQuotas', () => {
  it.each<[string, bigint | undefined]>([
    ['pods', 1_000n],
    ['count/pods', 1_000n],
    ['cpu', 250n],
    ['requests.cpu', 250n],
    ['limits.cpu', 1_000n],
    ['requests.memory', 1_000n * 2n ** 30n],
    ['limits.memory', 1_000n * 2n ** 31n],
    ['requests.nvidia.com/gpu', 1_000n],
    ['requests.ephemeral-storage', 1_000n * 2n ** 31n],
    ['ephemeral-storage', 1_000n * 2n ** 31n],
    ['services', undefined],
    ['count/deployments.apps', undefined],
    ['requests.storage', undefined],
    ['persistentvolumeclaims', undefined],
  ])('%s', (name, amount) => {
    expect(taken(spec, quota({ [name]: '10' }))).toEqual(
      amount === undefined ? {} : { [`quota "team", ${name}`]: amount },
    )
  })

  const classed = (operator: string, values?: string[]): ResourceQuota['spec'] => ({
    scopeSelector: {
      matchExpressions: [{ scopeName: 'PriorityClass', operator, ...(values !== undefined && { values }) }],
    },
  })
  it.each<[string, ResourceQuota['spec'], PodSpec, boolean]>([
    ['Terminating', { scopes: ['Terminating'] }, spec, false],
    ['NotTerminating', { scopes: ['NotTerminating'] }, spec, true],
    [
      'NotTerminating, of a pod with a deadline',
      { scopes: ['NotTerminating'] },
      { ...spec, activeDeadlineSeconds: 60 },
      false,
    ],
    ['BestEffort', { scopes: ['BestEffort'] }, spec, false],
    ['BestEffort, of a pod without requests', { scopes: ['BestEffort'] }, bestEffort, true],
    ['NotBestEffort', { scopes: ['NotBestEffort'] }, spec, true],
    ['of two scopes, one that is not its', { scopes: ['NotTerminating', 'BestEffort'] }, spec, false],
    ['a class that it has', classed('In', ['high', 'low']), { ...spec, priorityClassName: 'high' }, true],
    ['a class that it has not', classed('In', ['low']), { ...spec, priorityClassName: 'high' }, false],
    ['any class but', classed('NotIn', ['low']), { ...spec, priorityClassName: 'high' }, true],
    ['any class', classed('Exists'), spec, false],
    ['no class', classed('DoesNotExist'), spec, true],
    [
      'a scope that is not known here: counted, to be safe',
      { scopes: ['VolumeAttributesClass'] },
      spec,
      true,
    ],
  ])('scope %s', (_, scope, of, counts) => {
    expect(Object.keys(taken(of, quota({ pods: '10' }, scope)))).toHaveLength(counts ? 1 : 0)
  })
})

describe('leftOfQuotas', () => {
  const names = new Set(['quota "team", pods', 'quota "team", requests.cpu'])

  it('is what is not used, of the limits that are asked about; less than nothing where a quota was lowered', () => {
    const given = quota(
      { pods: '10', 'requests.cpu': '2', services: '5' },
      {},
      { pods: '12', 'requests.cpu': '1500m' },
    )
    expect(leftOfQuotas([given], names)).toEqual(
      new Map([
        ['quota "team", pods', -2_000n],
        ['quota "team", requests.cpu', 500n],
      ]),
    )
  })

  it('names the quota that nobody has counted yet', () => {
    expect(leftOfQuotas([quota({ pods: '10' }, {}, {})], names)).toBe('team')
    expect(leftOfQuotas([{ metadata: { name: 'new' }, spec: { hard: { services: '1' } } }], names)).toEqual(
      new Map(),
    )
  })
})

describe('unnamedForQuotas', () => {
  it.each<[Record<string, string>, string[]]>([
    [{ cpu: '1' }, ['quota "team", cpu: app']],
    [{ 'limits.memory': '1Gi', pods: '3' }, ['quota "team", limits.memory: app']],
    [{ 'requests.ephemeral-storage': '1Gi' }, []],
    [{ pods: '3' }, []],
  ])('%j', (hard, wanted) => {
    expect(unnamedForQuotas([quota(hard)], bestEffort, podNeeds(bestEffort, []))).toEqual(wanted)
  })
})
