import { environmentOf } from './environments.ts'
import type { Runbook } from './schema.ts'

/** The groups of an environment that only components read which are woken where they sleep. */
export function sleepingGroups(runbook: Runbook, environment: string): ReadonlySet<string> {
  const readers = (components: Runbook['components']) =>
    consumerGroups({ ...runbook, components }, environment)
  const awake = new Set(readers(runbook.components.filter(({ wake }) => wake === 0)))
  return new Set(readers(runbook.components).filter((group) => !awake.has(group)))
}

/** The consumer groups whose lag is watched in an environment, each once, in the order of the components. */
export function consumerGroups(runbook: Runbook, environment: string): string[] {
  return [...consumersByGroup(runbook, environment).keys()]
}

/** The same with the Deployments whose consumers are in each. */
export function consumersByGroup(runbook: Runbook, environment: string): Map<string, string[]> {
  const { consumerGroupPrefix = '' } = environmentOf(runbook, environment)
  const consumers = new Map<string, string[]>()
  for (const { consumerGroup, deployment } of runbook.components) {
    if (consumerGroup === undefined) continue
    const group = `${consumerGroupPrefix}${consumerGroup}`
    consumers.set(group, [...(consumers.get(group) ?? []), deployment])
  }
  return consumers
}
