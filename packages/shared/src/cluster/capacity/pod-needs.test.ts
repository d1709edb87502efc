import { describe, expect, it } from '@jest/globals'
import type { Pod } from '../component.ts'
import type { LimitRange } from '../resources.ts'
import { asAdmitted, podNeeds, type PodSpec } from './pod-needs.ts'
import { formatQuantity } from './quantity.ts'

type Container = PodSpec['containers'][number]
const container = (
  name: string,
  resources: Container['resources'] = {},
  more: Partial<Container> = {},
): Container => ({
  name,
  resources,
  ...more,
})
const cpu = (requests: string, limits?: string) => ({
  requests: { cpu: requests },
  ...(limits !== undefined && { limits: { cpu: limits } }),
})
const defaults: LimitRange = {
  spec: {
    limits: [
      { type: 'Pod' },
      {
        type: 'Container',
        default: { cpu: '500m', memory: '256Mi' },
        defaultRequest: { cpu: '100m', memory: '128Mi' },
      },
    ],
  },
}

/** As text, which is easier to read than thousandths. */
function needs(spec: PodSpec, ranges: readonly LimitRange[] = []) {
  const { requests, limits, unnamed } = podNeeds(spec, ranges)
  const text = (of: ReadonlyMap<string, bigint>) =>
    Object.fromEntries([...of].map(([name, amount]) => [name, formatQuantity(amount, name)]))
  return { requests: text(requests), limits: text(limits), unnamed: Object.fromEntries(unnamed) }
}

describe('podNeeds', () => {
  it.each<[string, PodSpec, LimitRange[], { requests: object; limits: object }]>([
    [
      'the sum of the containers',
      { containers: [container('a', cpu('100m', '1')), container('b', cpu('250m'))] },
      [],
      { requests: { cpu: '350m' }, limits: { cpu: '1' } },
    ],
    [
      'a limit stands in for a missing request',
      { containers: [container('a', { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '100m' } })] },
      [],
      { requests: { cpu: '100m', memory: '1Gi' }, limits: { cpu: '1', memory: '1Gi' } },
    ],
    [
      'the namespace’s defaults for what nobody named',
      { containers: [container('a', cpu('50m'))] },
      [defaults],
      { requests: { cpu: '50m', memory: '128Mi' }, limits: { cpu: '500m', memory: '256Mi' } },
    ],
    [
      'a named limit before a default request',
      { containers: [container('a', { limits: { cpu: '200m' } })] },
      [defaults],
      { requests: { cpu: '200m', memory: '128Mi' }, limits: { cpu: '200m', memory: '256Mi' } },
    ],
    [
      'of two defaults the first',
      { containers: [container('a')] },
      [defaults, { spec: { limits: [{ type: 'Container', defaultRequest: { cpu: '7' } }] } }],
      { requests: { cpu: '100m', memory: '128Mi' }, limits: { cpu: '500m', memory: '256Mi' } },
    ],
    [
      'the largest init container, where it is more than all others',
      {
        containers: [container('a', cpu('100m'))],
        initContainers: [container('i', cpu('2')), container('j', cpu('1'))],
      },
      [],
      { requests: { cpu: '2' }, limits: {} },
    ],
    [
      'sidecars beside the containers, and beside the init containers after them',
      {
        containers: [container('a', cpu('100m'))],
        initContainers: [
          container('before', cpu('250m')),
          container('sidecar', cpu('200m'), { restartPolicy: 'Always' }),
          container('after', cpu('150m')),
        ],
      },
      [],
      { requests: { cpu: '350m' }, limits: {} },
    ],
    [
      'what is named for the pod as a whole',
      { containers: [container('a', cpu('100m'))], resources: { requests: { cpu: '1' } } },
      [],
      { requests: { cpu: '1' }, limits: {} },
    ],
    [
      'the runtime’s own share',
      { containers: [container('a', cpu('100m'))], overhead: { cpu: '50m', memory: '64Mi' } },
      [],
      { requests: { cpu: '150m', memory: '64Mi' }, limits: {} },
    ],
  ])('%s', (_, spec, ranges, wanted) => {
    expect(needs(spec, ranges)).toMatchObject(wanted)
  })

  it('says which containers name nothing', () => {
    const spec = { containers: [container('a', cpu('100m')), container('b')] }
    expect(needs(spec).unnamed).toEqual({
      'requests.cpu': ['b'],
      'requests.memory': ['a', 'b'],
      'limits.cpu': ['a', 'b'],
      'limits.memory': ['a', 'b'],
    })
    expect(needs(spec, [defaults]).unnamed).toEqual({})
    expect(needs({ ...spec, resources: { requests: { cpu: '1' } } }).unnamed).toEqual({})
  })
})

describe('asAdmitted', () => {
  const template = { containers: [container('app'), container('old-helper')] }
  const pod = {
    spec: {
      containers: [container('app'), container('old-helper'), container('mesh', cpu('100m'))],
      initContainers: [container('mesh-init')],
      priorityClassName: 'high',
      overhead: { cpu: '50m' },
    },
  } satisfies Pod

  it('adds what an existing pod has that its template has not', () => {
    const next = { containers: [container('app')] }
    expect(asAdmitted(next, template, pod)).toEqual({
      containers: [container('app'), container('mesh', cpu('100m'))],
      initContainers: [container('mesh-init')],
      priorityClassName: 'high',
      overhead: { cpu: '50m' },
    })
  })

  it('is the template where no pod shows anything', () => {
    expect(asAdmitted(template, template, undefined)).toBe(template)
  })
})
