import type { V1Node, V1NodeSelectorRequirement, V1NodeSelectorTerm, V1Taint } from '@kubernetes/client-node'
import type { Amounts } from '../../decide/capacity.ts'
import type { Pod } from '../component.ts'
import { nameOf } from '../component.ts'
import type { Wire } from '../resources.ts'
import { amountsOf, podNeeds, type PodNeeds, type PodSpec } from './pod-needs.ts'

export type Node = Wire<V1Node>

/** A node that takes new pods, and what is left on it. */
export interface NodeRoom {
  readonly node: Node
  readonly left: Amounts
}

/** Adds up what the pods of a cluster ask for, page by page, so that they need not stand in memory together. */
export class NodeUse {
  readonly #used = new Map<string, Map<string, bigint>>()

  add(pods: readonly Pod[]): void {
    for (const { spec } of pods) {
      if (spec?.nodeName === undefined) continue
      const used = this.#used.get(spec.nodeName) ?? new Map<string, bigint>([['pods', 0n]])
      this.#used.set(spec.nodeName, used)
      // Pods that exist have been given their defaults.
      for (const [name, amount] of new Map([...podNeeds(spec, []).requests, ['pods', 1_000n]]))
        used.set(name, (used.get(name) ?? 0n) + amount)
    }
  }

  clear(): void {
    this.#used.clear()
  }

  /** What is left on each node that is Ready and takes new pods. */
  roomOn(nodes: readonly Node[]): NodeRoom[] {
    return nodes.filter(takesPods).map((node) => {
      const used = this.#used.get(nameOf(node))
      const left = [...amountsOf(node.status?.allocatable)].map(
        ([name, amount]) => [name, amount - (used?.get(name) ?? 0n)] as const,
      )
      return { node, left: new Map(left) }
    })
  }
}

/**
 * How many more pods of this spec the nodes take, by their requests, taints, selectors and node affinity. It is the most
 * that the scheduler could do: affinity between pods, spreading and volumes are not looked at.
 */
export function placesFor(rooms: readonly NodeRoom[], spec: PodSpec, { requests }: PodNeeds): number {
  const asked = new Map([...requests, ['pods', 1_000n] as const])
  return rooms
    .filter(({ node }) => admits(node, spec))
    .map(({ left }) =>
      [...asked].reduce((fewest, [name, amount]) => {
        const room = left.get(name) ?? 0n
        const places = amount === 0n ? fewest : room < amount ? 0 : Number(room / amount)
        return Math.min(fewest, places)
      }, Number.MAX_SAFE_INTEGER),
    )
    .reduce((sum, places) => sum + places, 0)
}

function takesPods({ spec, status }: Node): boolean {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready')
  return spec?.unschedulable !== true && ready?.status === 'True'
}

function admits(node: Node, spec: PodSpec): boolean {
  const labels = node.metadata?.labels ?? {}
  const terms = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms
  return (
    (node.spec?.taints ?? []).every(
      (taint) => taint.effect === 'PreferNoSchedule' || tolerates(spec, taint),
    ) &&
    Object.entries(spec.nodeSelector ?? {}).every(([key, value]) => labels[key] === value) &&
    (terms === undefined || terms.some((term) => isTermMet(term, node)))
  )
}

function tolerates({ tolerations = [] }: PodSpec, taint: Wire<V1Taint>): boolean {
  return tolerations.some(
    ({ key, operator = 'Equal', value = '', effect }) =>
      (effect === undefined || effect === '' || effect === taint.effect) &&
      (key === undefined || key === '' ? operator === 'Exists' : key === taint.key) &&
      (operator === 'Exists' || value === (taint.value ?? '')),
  )
}

/** A term without any condition matches nothing. */
function isTermMet(
  { matchExpressions = [], matchFields = [] }: Wire<V1NodeSelectorTerm>,
  node: Node,
): boolean {
  const labels = node.metadata?.labels ?? {}
  return (
    matchExpressions.length + matchFields.length > 0 &&
    matchExpressions.every((condition) => isMet(condition, labels[condition.key])) &&
    matchFields.every((condition) => isMet(condition, nameOf(node)))
  )
}

function isMet(
  { operator, values = [] }: Wire<V1NodeSelectorRequirement>,
  value: string | undefined,
): boolean {
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value)
    case 'NotIn':
      return value === undefined || !values.includes(value)
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
    case 'Gt':
      return Number(value) > Number(values[0])
    case 'Lt':
      return Number(value) < Number(values[0])
    default:
      return false
  }
}
