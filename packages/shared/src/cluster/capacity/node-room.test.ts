import { describe, expect, it } from '@jest/globals'
import { NodeUse, placesFor, type Node } from './node-room.ts'
import { podNeeds, type PodSpec } from './pod-needs.ts'

const node = (name: string, more: Node['spec'] = {}, ready = 'True'): Node => ({
  metadata: { name, labels: { zone: name, disk: 'ssd', cores: '8' } },
  spec: more,
  status: {
    conditions: [{ type: 'Ready', status: ready }],
    allocatable: { cpu: '4', memory: '8Gi', pods: '10' },
  },
})
const pod = (cpu: string, nodeName?: string) => ({
  spec: {
    containers: [{ name: 'app', resources: { requests: { cpu } } }],
    ...(nodeName !== undefined && { nodeName }),
  },
})

function places(
  nodes: readonly Node[],
  more: Partial<PodSpec> = {},
  pods: ReturnType<typeof pod>[] = [],
): number {
  const use = new NodeUse()
  use.add(pods)
  const spec: PodSpec = { ...pod('1').spec, ...more }
  return placesFor(use.roomOn(nodes), spec, podNeeds(spec, []))
}

describe('placesFor', () => {
  it('counts what the pods on each node leave', () => {
    expect(places([node('a'), node('b')])).toBe(8)
    const running = [pod('2500m', 'a'), pod('1', 'b'), pod('1'), pod('1', 'elsewhere')]
    expect(places([node('a'), node('b')], {}, running)).toBe(1 + 3)
  })

  it('counts pods, too', () => {
    const many = Array.from({ length: 9 }, () => pod('0', 'a'))
    expect(places([node('a')], {}, many)).toBe(1)
    expect(places([node('a')], { containers: [{ name: 'app' }] }, [])).toBe(10)
  })

  it('needs every resource that is asked for, also one that the node has not', () => {
    const gpu = { containers: [{ name: 'app', resources: { requests: { 'nvidia.com/gpu': '1' } } }] }
    expect(places([node('a')], gpu)).toBe(0)
  })

  it('leaves out what is cordoned, or not Ready', () => {
    expect(places([node('a', { unschedulable: true }), node('b', {}, 'Unknown'), node('c')])).toBe(4)
  })

  const taint = { key: 'dedicated', value: 'gpu', effect: 'NoSchedule' }
  it.each<[string, object[], number]>([
    ['no toleration', [], 0],
    ['the same key and value', [{ key: 'dedicated', value: 'gpu' }], 4],
    ['another value', [{ key: 'dedicated', value: 'db' }], 0],
    ['the key, whatever the value', [{ key: 'dedicated', operator: 'Exists' }], 4],
    ['everything', [{ operator: 'Exists' }], 4],
    ['of another effect', [{ key: 'dedicated', operator: 'Exists', effect: 'NoExecute' }], 0],
  ])('taint: tolerated by %s', (_, tolerations, wanted) => {
    expect(places([node('a', { taints: [taint] })], { tolerations })).toBe(wanted)
  })

  it('a taint that only prefers keeps nothing off', () => {
    expect(places([node('a', { taints: [{ ...taint, effect: 'PreferNoSchedule' }] })])).toBe(4)
  })

  interface Requirement {
    key: string
    operator: string
    values?: string[]
  }
  const affinity = (...matchExpressions: Requirement[]): Partial<PodSpec> => ({
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions }] },
      },
    },
  })
  it.each<[string, Partial<PodSpec>, number]>([
    ['selector that it has', { nodeSelector: { disk: 'ssd' } }, 8],
    ['selector of one node', { nodeSelector: { zone: 'a' } }, 4],
    ['In', affinity({ key: 'zone', operator: 'In', values: ['b', 'c'] }), 4],
    ['NotIn', affinity({ key: 'zone', operator: 'NotIn', values: ['a', 'b'] }), 0],
    ['NotIn of a label that is not there', affinity({ key: 'x', operator: 'NotIn', values: ['a'] }), 8],
    ['Exists', affinity({ key: 'x', operator: 'Exists' }), 0],
    ['DoesNotExist', affinity({ key: 'x', operator: 'DoesNotExist' }), 8],
    ['Gt', affinity({ key: 'cores', operator: 'Gt', values: ['7'] }), 8],
    ['Lt', affinity({ key: 'cores', operator: 'Lt', values: ['8'] }), 0],
    [
      'all of several',
      affinity({ key: 'disk', operator: 'Exists' }, { key: 'zone', operator: 'In', values: ['a'] }),
      4,
    ],
    ['an empty term', affinity(), 0],
    [
      'a node by its name',
      {
        affinity: {
          nodeAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: {
              nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['b'] }] }],
            },
          },
        },
      },
      4,
    ],
  ])('%s', (_, more, wanted) => {
    expect(places([node('a'), node('b')], more)).toBe(wanted)
  })
})
