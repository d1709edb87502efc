import type { Jobs } from '../cluster/jobs/jobs.ts'
import { UserError } from '../errors.ts'
import { consumerGroupsCommand, type ConsumerLag } from '../kafka/consumer-lag.ts'
import { ExporterLag } from '../kafka/exporter-lag.ts'
import type { MonitoringConnections } from '../metrics/monitoring-connections.ts'
import type { Runbook } from '../runbook/schema.ts'
import type { ActionContext } from './run.ts'

type Context = Pick<ActionContext<unknown, never>, 'clock' | 'variables' | 'mask'>

/** What lag may be read through. */
export interface LagAccess {
  /** Those of the environment's namespace. */
  readonly jobs: Jobs
  readonly prometheus: MonitoringConnections['prometheus']
}

/** Where lag is read, as the runbook file says. Nothing is loaded, dialled or started before the first question. */
export function connectLag(runbook: Runbook, { jobs, prometheus }: LagAccess, context: Context): ConsumerLag {
  const { kafka, prometheus: section } = runbook
  if (kafka?.source === 'prometheus' && section !== undefined && prometheus !== undefined) {
    const { exporter } = kafka
    const scrapeIntervalMs = exporter.scrapeInterval ?? section.scrapeInterval
    return new ExporterLag({ ...prometheus, exporter, scrapeIntervalMs, clock: context.clock })
  }
  const brokers = `kafka at ${kafka?.brokers?.join(', ') ?? 'no broker'}`
  const source = kafka?.source === 'job' ? `${brokers}, by a Job in ${jobs.namespace}` : brokers
  return opened(source, () => openLag(runbook, source, jobs, context))
}

/** Files of their own in the bundle: an action that reads no lag loads neither a Kafka client nor the Job's program. */
async function openLag(
  { kafka }: Runbook,
  source: string,
  jobs: Jobs,
  { clock, variables, mask }: Context,
): Promise<ConsumerLag> {
  if (kafka === undefined) {
    throw new UserError(
      'Consumer lag cannot be read: the runbook file does not say where.',
      'Add a section "kafka" with the brokers.',
    )
  }
  if (kafka.source === 'job') {
    const { openJobLag } = await import('../kafka/open-job-lag.ts')
    return openJobLag(source, { jobs, kafka, clock })
  }
  const { openBrokerLag } = await import('../kafka/open-broker-lag.ts')
  return openBrokerLag(kafka, { environment: variables, mask, clock })
}

/** Lag that is opened by the first question. */
function opened(source: string, open: () => Promise<ConsumerLag>): ConsumerLag {
  let opening: Promise<ConsumerLag> | undefined
  const lag = (): Promise<ConsumerLag> => (opening ??= open())
  return {
    source,
    read: async (groups, signal) => (await lag()).read(groups, signal),
    history: async (groups, since, signal) => (await lag()).history(groups, since, signal),
    byHand: consumerGroupsCommand,
    close: async () => {
      // What could not be opened needs no closing; whoever asked has its error.
      await opening?.then(
        (each) => each.close(),
        () => undefined,
      )
    },
  }
}
