import { environmentOf } from './environments.ts'
import type { Runbook } from './schema.ts'

/** The consumer groups whose lag is watched in an environment, each once, in the order of the components. */
export function consumerGroups(runbook: Runbook, environment: string): string[] {
  const { consumerGroupPrefix = '' } = environmentOf(runbook, environment)
  const groups = runbook.components.flatMap(({ consumerGroup }) => consumerGroup ?? [])
  return [...new Set(groups)].map((group) => `${consumerGroupPrefix}${group}`)
}
