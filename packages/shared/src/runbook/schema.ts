import * as z from 'zod'
import { dnsLabel, duration, page, text, url } from './fields.ts'
import { valueAt } from './key-path.ts'
import { canary } from './schema/canary.ts'
import { changes } from './schema/changes.ts'
import { components } from './schema/components.ts'
import { kafka, prometheus } from './schema/connections.ts'
import { gates } from './schema/gates.ts'
import { STRATEGIES } from './schema/names.ts'
import { approval, evidence, followUp, lock, notify, ticket } from './schema/people.ts'
import { config, migrations, rollback, rollout, watch } from './schema/procedures.ts'
import { window } from './schema/window.ts'
import { section } from './section.ts'

const environment = section({
  namespace: dnsLabel('kafka-pipeline').describe('Namespace of the Deployments.'),
  soak: duration
    .prefault('15m')
    .describe(
      'How long a version must run here without a failure before it may go on to the next environment.',
    ),
  'consumer-group-prefix': text('the beginning of a group id such as staging.')
    .optional()
    .describe(
      'What stands before every consumer group of the components here, where environments share brokers.',
    ),
  strategy: z
    .enum(STRATEGIES)
    .optional()
    .describe('How a version reaches this environment, whatever its class says.'),
})

const environmentName = z.string().regex(/^[a-z0-9](?:[-a-z0-9]{0,38}[a-z0-9])?$/, {
  error: 'a name of lower case letters, digits and "-", such as production',
})

/** The whole runbook file. Every duration and limit of the suite is a key of it, the runbook's number its default. */
export const runbookSchema = section(
  {
    version: z.literal(1, { error: '1, the version of this format' }).describe('Version of the format.'),
    pipeline: dnsLabel('kafka-pipeline').describe('Name of the pipeline. Names in the cluster carry it.'),
    environments: z
      .record(environmentName, environment)
      .refine((named) => Object.keys(named).length > 0, {
        error: 'at least one environment is needed, such as production',
      })
      .describe('Environments in the order in which a version goes through them.'),
    kafka: kafka
      .optional()
      .describe('Where consumer lag is read. Needed as soon as a component has a consumer group.'),
    prometheus: prometheus
      .optional()
      .describe('Where metrics are queried. Absent: the suite scrapes the pods itself.'),
    document: page('https://github.com/acme/kafka-pipeline/blob/main/docs/runbook.md')
      .optional()
      .describe(
        'Page of the runbook for people. A failure links to the section of it that tells what to do.',
      ),
    dashboards: z
      .record(z.string(), url('https://grafana.example/d/pipeline').describe('Address of the dashboard.'))
      .prefault({})
      .describe('Dashboards, linked with the time range of the deployment.'),
    components: components.describe('Deployments of the pipeline, rolled in this order.'),
    config: config.prefault({}).describe('Configuration of the pipeline.'),
    gates: gates.prefault({}).describe('The questions and their limits.'),
    watch: watch.prefault({}).describe('What is watched after the rollout, and for how long.'),
    rollout: rollout.prefault({}).describe('The rolling update.'),
    canary: canary.prefault({}).describe('How a canary is judged.'),
    rollback: rollback.prefault({}).describe('Going back.'),
    window: window.prefault({}).describe('When production is deployed.'),
    changes: changes.prefault({}).describe('What each class of change needs.'),
    approval: approval.prefault({}).describe('How approvals are given.'),
    evidence: evidence.prefault({}).describe('How long measurements are good for.'),
    migrations: migrations.optional().describe('The database phase. Absent: there are no migrations.'),
    ticket: ticket.prefault({}).describe('The deployment ticket.'),
    notify: notify.optional().describe('Who is told.'),
    lock: lock.prefault({}).describe('The lock of a deployment.'),
    'follow-up': followUp.prefault({}).describe('When the deployment is looked at again.'),
  },
  ({ kafka: connection, prometheus: metrics, components: rolled }, report) => {
    if (valueAt(connection, ['source']) === 'prometheus' && metrics === undefined) {
      report(['kafka', 'source'], 'lag is read through Prometheus, but there is no `prometheus` section')
    }
    const group = Array.isArray(rolled)
      ? rolled.findIndex((each) => valueAt(each, ['consumerGroup']) !== undefined)
      : -1
    if (connection === undefined && group >= 0) {
      report(['components', group, 'consumer-group'], 'its lag cannot be read: there is no `kafka` section')
    }
  },
)

/** The runbook as the program reads it: camelCase keys, milliseconds, shares of 1, defaults filled in. */
export type Runbook = z.output<typeof runbookSchema>

/** The runbook as the team writes it. */
export type RunbookFile = z.input<typeof runbookSchema>

export type Component = Runbook['components'][number]
export type Environment = Runbook['environments'][string]
export type Kafka = NonNullable<Runbook['kafka']>
export type Prometheus = NonNullable<Runbook['prometheus']>
export type Command = Runbook['gates']['command'][string]
export type Trigger = Runbook['rollback']['triggers'][number]
export type CanaryStep = Exclude<Component['canary'], false>['steps'][number]
export type Window = Runbook['window']
