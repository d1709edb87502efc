import { environmentOf } from './environments.ts'
import type { Runbook } from './schema.ts'

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
