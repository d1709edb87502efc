import { UserError } from '../errors.ts'
import { consumerGroupsCommand, type ConsumerLag } from '../kafka/consumer-lag.ts'
import { ExporterLag } from '../kafka/exporter-lag.ts'
import type { MonitoringConnections } from '../metrics/monitoring-connections.ts'
import type { Runbook } from '../runbook/schema.ts'
import type { ActionContext } from './run.ts'

type Context = Pick<ActionContext<unknown, never>, 'clock' | 'variables' | 'mask'>

/** Where lag is read, as the runbook file says. Nothing is loaded or dialled before the first question. */
export function connectLag(
  runbook: Runbook,
  { prometheus: connection }: Pick<MonitoringConnections, 'prometheus'>,
  context: Context,
): ConsumerLag {
  const { kafka, prometheus } = runbook
  if (kafka?.source === 'prometheus' && prometheus !== undefined && connection !== undefined) {
    const { exporter } = kafka
    const scrapeIntervalMs = exporter.scrapeInterval ?? prometheus.scrapeInterval
    return new ExporterLag({ ...connection, exporter, scrapeIntervalMs, clock: context.clock })
  }
  return lagOnDemand(runbook, context)
}

/** Lag of brokers. */
function lagOnDemand({ kafka }: Runbook, { clock, variables, mask }: Context): ConsumerLag {
  let opened: Promise<ConsumerLag> | undefined
  const open = async (): Promise<ConsumerLag> => {
    if (kafka === undefined) {
      throw new UserError(
        'Consumer lag cannot be read: the runbook file does not say where.',
        'Add a section "kafka" with the brokers.',
      )
    }
    if (kafka.source !== 'kafka') {
      throw new UserError(
        `Consumer lag cannot be read yet by "kafka.source: ${kafka.source}".`,
        'Read it from the brokers: kafka.source: kafka.',
      )
    }
    // A file of its own in the bundle: an action that reads no lag does not load a Kafka client.
    const { openBrokerLag } = await import('../kafka/open-broker-lag.ts')
    return openBrokerLag(kafka, { environment: variables, mask, clock })
  }
  const lag = (): Promise<ConsumerLag> => (opened ??= open())
  return {
    source: `kafka at ${kafka?.brokers?.join(', ') ?? 'no broker'}`,
    read: async (groups, signal) => (await lag()).read(groups, signal),
    history: async (groups, since, signal) => (await lag()).history(groups, since, signal),
    byHand: consumerGroupsCommand,
    close: async () => {
      // What could not be opened needs no closing; whoever asked has its error.
      await opened?.then(
        (each) => each.close(),
        () => undefined,
      )
    },
  }
}
