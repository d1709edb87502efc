import type { V1Container, V1PodSpec, V1ResourceRequirements } from '@kubernetes/client-node'
import type { Amounts } from '../../decide/capacity.ts'
import type { Pod } from '../component.ts'
import type { LimitRange, Wire } from '../resources.ts'
import { parseQuantity } from './quantity.ts'

export type PodSpec = Wire<V1PodSpec>
type Container = Wire<V1Container>
type Resources = Pick<Wire<V1ResourceRequirements>, 'requests' | 'limits'>

/** What a pod takes as soon as the API server has let it in. */
export interface PodNeeds {
  readonly requests: Amounts
  readonly limits: Amounts
  /** Containers without an amount, by what a quota may demand of each: `limits.memory`. */
  readonly unnamed: ReadonlyMap<string, readonly string[]>
}

/** What a quota on it obliges every container to name (Kubernetes, pkg/quota/v1/evaluator/core: validationSet). */
const demandable = ['cpu', 'memory']

/**
 * What a pod of this spec will ask for: what its containers name, limits standing in for missing requests, and the
 * namespace's defaults for the rest (Kubernetes, resource.PodRequests and the LimitRanger).
 */
export function podNeeds(spec: PodSpec, limitRanges: readonly LimitRange[]): PodNeeds {
  const named = (container: Container): Resources => withDefaults(container.resources, limitRanges)
  const each = [...spec.containers, ...(spec.initContainers ?? [])]
  const wholePod = spec.resources
  const unnamed = new Map(
    (['requests', 'limits'] as const).flatMap((kind) =>
      demandable.flatMap((resource) => {
        const without = each.filter((container) => named(container)[kind]?.[resource] === undefined)
        return without.length === 0 || wholePod !== undefined
          ? []
          : [[`${kind}.${resource}`, without.map(({ name }) => name)] as const]
      }),
    ),
  )
  const total = (kind: 'requests' | 'limits'): Amounts => {
    const sum = sumOf(spec, (container) => amountsOf(named(container)[kind]))
    for (const [name, amount] of amountsOf(wholePod?.[kind])) sum.set(name, amount)
    // The runtime's own share is added to limits only where there is one.
    for (const [name, amount] of amountsOf(spec.overhead))
      if (kind === 'requests' || sum.has(name)) sum.set(name, (sum.get(name) ?? 0n) + amount)
    return sum
  }
  return { requests: total('requests'), limits: total('limits'), unnamed }
}

/**
 * The spec of a new pod, with what admission adds on the way and no template shows: injected sidecars, the priority class,
 * the runtime's share. An existing pod of the same Deployment shows them.
 *
 * @param template the spec that `example` was made from
 */
export function asAdmitted(next: PodSpec, template: PodSpec, example: Pod | undefined): PodSpec {
  const found = example?.spec
  if (found === undefined) return next
  const injected = (kind: 'containers' | 'initContainers'): Container[] => {
    const known = new Set([...(template[kind] ?? []), ...(next[kind] ?? [])].map(({ name }) => name))
    return (found[kind] ?? []).filter(({ name }) => !known.has(name))
  }
  const { priorityClassName = found.priorityClassName, overhead = found.overhead } = next
  return {
    ...next,
    containers: [...next.containers, ...injected('containers')],
    initContainers: [...(next.initContainers ?? []), ...injected('initContainers')],
    ...(priorityClassName !== undefined && { priorityClassName }),
    ...(overhead !== undefined && { overhead }),
  }
}

function withDefaults(given: Resources | undefined, limitRanges: readonly LimitRange[]): Resources {
  const defaults = limitRanges
    .flatMap(({ spec }) => spec?.limits ?? [])
    .filter(({ type }) => type === 'Container')
  const limits = Object.assign({}, ...defaults.map((entry) => entry.default).toReversed()) as object
  const requests = Object.assign({}, ...defaults.map((entry) => entry.defaultRequest).toReversed()) as object
  return {
    requests: { ...requests, ...given?.limits, ...given?.requests },
    limits: { ...limits, ...given?.limits },
  }
}

/** Containers run together; an init container runs alone, but for the sidecars that were started before it. */
function sumOf(spec: PodSpec, of: (container: Container) => Amounts): Map<string, bigint> {
  const sum = new Map<string, bigint>()
  const sidecars = new Map<string, bigint>()
  const most = new Map<string, bigint>()
  for (const container of spec.containers) add(sum, of(container))
  for (const container of spec.initContainers ?? []) {
    const isSidecar = container.restartPolicy === 'Always'
    const starting = new Map(sidecars)
    add(starting, of(container))
    if (isSidecar) {
      add(sum, of(container))
      add(sidecars, of(container))
    }
    for (const [name, amount] of starting) if (amount > (most.get(name) ?? 0n)) most.set(name, amount)
  }
  for (const [name, amount] of most) if (amount > (sum.get(name) ?? 0n)) sum.set(name, amount)
  return sum
}

function add(sum: Map<string, bigint>, more: Amounts): void {
  for (const [name, amount] of more) sum.set(name, (sum.get(name) ?? 0n) + amount)
}

/** The quantities of an object of the API. */
export function amountsOf(list: Readonly<Record<string, string>> | undefined): Amounts {
  return new Map(Object.entries(list ?? {}).map(([name, text]) => [name, parseQuantity(text)]))
}
