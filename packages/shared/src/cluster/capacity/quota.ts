import type { V1ResourceQuota, V1ScopedResourceSelectorRequirement } from '@kubernetes/client-node'
import type { Amounts } from '../../decide/capacity.ts'
import { nameOf } from '../component.ts'
import type { Wire } from '../resources.ts'
import { amountsOf, type PodNeeds, type PodSpec } from './pod-needs.ts'

export type ResourceQuota = Wire<V1ResourceQuota>
type Scope = Pick<Wire<V1ScopedResourceSelectorRequirement>, 'scopeName' | 'operator' | 'values'>

/** One limit of one quota, as messages name it: `quota "team", requests.cpu`. */
function limitName(quota: ResourceQuota, hard: string): string {
  return `quota "${nameOf(quota)}", ${hard}`
}

/** The resource of a limit's name: what its amounts are counted in. */
export function resourceIn(limit: string): string {
  return limit.slice(limit.lastIndexOf(' ') + 1)
}

/**
 * What is left of the limits of these names.
 *
 * @returns the name of a quota that has not been counted yet: until then the API server refuses every pod
 */
export function leftOfQuotas(quotas: readonly ResourceQuota[], names: ReadonlySet<string>): Amounts | string {
  const left = new Map<string, bigint>()
  for (const quota of quotas) {
    const used = amountsOf(quota.status?.used)
    for (const [resource, hard] of amountsOf(quota.spec?.hard)) {
      const name = limitName(quota, resource)
      if (!names.has(name)) continue
      const counted = used.get(resource)
      if (counted === undefined) return nameOf(quota)
      left.set(name, hard - counted)
    }
  }
  return left
}

/** What one pod takes of each limit, by the same names. */
export function takenOfQuotas(quotas: readonly ResourceQuota[], spec: PodSpec, needs: PodNeeds): Amounts {
  return new Map(
    quotas
      .filter((quota) => counts(quota, spec, needs))
      .flatMap((quota) =>
        Object.keys(quota.spec?.hard ?? {}).flatMap((name) => {
          const amount = taken(name, needs)
          return amount === undefined ? [] : [[limitName(quota, name), amount] as const]
        }),
      ),
  )
}

/** What a quota obliges containers to name and these do not: the API server lets no such pod in. */
export function unnamedForQuotas(
  quotas: readonly ResourceQuota[],
  spec: PodSpec,
  needs: PodNeeds,
): readonly string[] {
  return quotas
    .filter((quota) => counts(quota, spec, needs))
    .flatMap((quota) =>
      Object.keys(quota.spec?.hard ?? {}).flatMap((name) => {
        const containers = needs.unnamed.get(name.includes('.') ? name : `requests.${name}`) ?? []
        return containers.length === 0 ? [] : [`${limitName(quota, name)}: ${containers.join(', ')}`]
      }),
    )
}

/** Undefined for what pods do not count for: services, claims, other objects. */
function taken(name: string, { requests, limits }: PodNeeds): bigint | undefined {
  if (name === 'pods' || name === 'count/pods') return 1_000n
  const [, kind = 'requests', resource = ''] = /^(?:(requests|limits)\.)?(.+)$/u.exec(name) ?? []
  return (kind === 'limits' ? limits : requests).get(resource)
}

/** Whether a quota is about such pods: all of its scopes must be theirs. */
function counts({ spec: quota }: ResourceQuota, spec: PodSpec, needs: PodNeeds): boolean {
  const plain = (quota?.scopes ?? []).map((scopeName): Scope => ({ scopeName, operator: 'Exists' }))
  const scopes: readonly Scope[] = [...plain, ...(quota?.scopeSelector?.matchExpressions ?? [])]
  return scopes.every((scope) => isIn(scope, spec, needs))
}

function isIn({ scopeName, operator, values = [] }: Scope, spec: PodSpec, needs: PodNeeds): boolean {
  switch (scopeName) {
    case 'Terminating':
      return spec.activeDeadlineSeconds !== undefined
    case 'NotTerminating':
      return spec.activeDeadlineSeconds === undefined
    case 'BestEffort':
      return isBestEffort(needs)
    case 'NotBestEffort':
      return !isBestEffort(needs)
    case 'PriorityClass': {
      const name = spec.priorityClassName ?? ''
      if (operator === 'Exists') return name !== ''
      if (operator === 'DoesNotExist') return name === ''
      return values.includes(name) === (operator === 'In')
    }
    default:
      // CrossNamespacePodAffinity, and what is to come: rather a limit too many than one too few.
      return true
  }
}

function isBestEffort({ requests, limits }: PodNeeds): boolean {
  return [requests, limits].every((amounts) =>
    ['cpu', 'memory'].every((name) => (amounts.get(name) ?? 0n) === 0n),
  )
}
