import * as z from 'zod'
import { count, duration, percentage, query, secret, series, share, template, text, url } from '../fields.ts'
import { section } from '../section.ts'
import { COMMAND_OCCASIONS } from './names.ts'

function mode(fallback: 'enforce' | 'warn' | 'off') {
  return z
    .enum(['enforce', 'warn', 'off'])
    .prefault(fallback)
    .describe('Whether a failure counts, is only reported, or is not asked for.')
}

const minMessages = count(1).prefault(50).describe('Fewer messages in the window are too few to conclude.')
const absent = z
  .enum(['inconclusive', 'zero'])
  .prefault('inconclusive')
  .describe('What it means when the counted series does not exist: nothing is shown, or nothing has happened yet.')
const promql = query
  .optional()
  .describe(
    'PromQL in place of the built query. `$selector` stands for the label matchers of the pods, `$window` for the rate window.',
  )
const deviations = z
  .number({ error: 'a number such as 3' })
  .positive({ error: 'a number above 0 such as 3' })
  .prefault(3)
  .describe('A spike is above the median of the baseline by this many deviations (scaled MAD) …')
const messages = series('kafka_messages_consumed_total')
  .prefault('kafka_messages_consumed_total')
  .describe('Counter of the messages that were handled.')

const commandName = z.string().regex(/^[a-z0-9](?:[-a-z0-9]{0,38}[a-z0-9])?$/, {
  error: 'a name of lower case letters, digits and "-", such as contract-tests',
})
const variableName = z.string().regex(/^[A-Za-z_]\w*$/, {
  error: 'the name of an environment variable, such as REGISTRY_URL',
})

/** A program of the team that answers a question. */
const command = section(
  {
    mode: mode('enforce'),
    run: z
      .array(text('a program or one of its arguments'))
      .min(1)
      .describe('Program and arguments; no shell reads them. A path is relative to the root of the repository.'),
    question: text('a question').optional().describe('The line of your runbook that it answers. Without it, its name.'),
    occasions: z
      .array(z.enum(COMMAND_OCCASIONS))
      .min(1)
      .prefault(['preflight'])
      .describe('When it is asked.'),
    timeout: duration.prefault('1m').describe('How long it may take; then it is ended, with everything it has started.'),
    env: z
      .record(variableName, template('a value').describe('Value of the variable.'))
      .prefault({})
      .describe('Its environment, beside PATH, HOME and what says which deployment it is.'),
    secrets: z
      .record(variableName, secret('REGISTRY_TOKEN').describe('Value of the variable, masked.'))
      .prefault({})
      .describe('The secret part of its environment.'),
  },
  ({ env, secrets }, report) => {
    for (const name of namesIn(secrets).filter((each) => namesIn(env).includes(each)))
      report(['secrets', name], `${name} stands in \`env\`, too; it can have one value only`)
  },
)

function namesIn(mapping: unknown): string[] {
  return typeof mapping === 'object' && mapping !== null ? Object.keys(mapping) : []
}

/** The questions and their limits. */
export const gates = section({
  'code-review': section({
    mode: mode('enforce'),
    approvals: count().prefault(1).describe('Approvals of the pull request by others than its author.'),
  })
    .prefault({})
    .describe('The deployed commit came in by a reviewed pull request.'),
  checks: section({
    mode: mode('enforce'),
    require: z.array(text('the name of a check')).prefault([]).describe('Checks that must be there and green.'),
    ignore: z.array(text('the name of a check')).prefault([]).describe('Checks that may be anything.'),
  })
    .prefault({})
    .describe('All checks of the deployed commit are green: unit, integration and end-to-end tests.'),
  documentation: section({
    mode: mode('warn'),
    paths: z
      .array(text('a path or glob such as docs/**'))
      .prefault(['README*', 'CHANGELOG*', 'docs/**', 'runbooks/**', 'runbook.yaml'])
      .describe('Documentation; one of these changes with the code.'),
  })
    .prefault({})
    .describe('Documentation changed together with the code.'),
  monitoring: section({
    mode: mode('warn'),
    alerts: z.array(text('the name of an alert rule')).prefault([]).describe('Alert rules that must be loaded in Prometheus.'),
    grafana: section({
      token: secret('GRAFANA_TOKEN')
        .optional()
        .describe('Token of a service account that may view dashboards. Absent: asked without a login.'),
    })
      .optional()
      .describe('The addresses of `dashboards` are Grafana’s: each must exist there. Absent: they are linked, and not asked.'),
  })
    .prefault({})
    .describe('Alerts and dashboards are there.'),
  incidents: section({
    mode: mode('enforce'),
    labels: z.array(text('a label')).prefault(['incident']).describe('An open issue with one of these labels is an incident.'),
    alertmanager: url('${ALERTMANAGER_URL}').optional().describe('Alertmanager whose firing alerts count, too.'),
    severities: z
      .array(text('a severity'))
      .prefault(['critical'])
      .describe('Values of the label `severity` that count.'),
  })
    .prefault({})
    .describe('No incident is open.'),
  ownership: section({ mode: mode('enforce') })
    .prefault({})
    .describe(
      'No other tool (Argo CD, Flux, an operator) manages the Deployments, nor the ConfigMap of a configuration change.',
    ),
  capacity: section({
    mode: mode('enforce'),
    nodes: mode('off').describe(
      'Whether it counts that no node has room for the new pods. `warn` where a cluster autoscaler adds nodes; both need the ClusterRole `runbook-capacity`.',
    ),
  })
    .prefault({})
    .describe('The quotas of the namespace, and the nodes, have room for the pods that a rollout adds.'),
  'image-present': section({
    mode: mode('enforce'),
    unanswered: z
      .enum(['skip', 'block'])
      .prefault('skip')
      .describe('What it means that a registry cannot be asked from where the job runs: nothing, or that the deployment stops.'),
  })
    .prefault({})
    .describe('The images are in their registries.'),
  'startup-logs': section({ mode: mode('enforce') })
    .prefault({})
    .describe('The new pods log no errors. What counts as one stands with the component.'),
  'consumer-lag': section({
    mode: mode('enforce'),
    max: count(1).prefault(5000).describe('Lag of a group stays below this, in messages over all its partitions.'),
    baseline: duration.prefault('30m').describe('Time before the deployment that lag is compared with.'),
    every: duration.prefault('30s').describe('Time between two readings.'),
    trend: duration.prefault('5m').describe('Time over which lag must be stable or falling after the rollout.'),
    'rebalance-cap': duration
      .prefault('5m')
      .describe('Readings right after a rebalance are left out, together no longer than this.'),
    floor: count(1).prefault(500).describe('Lag below this is never taken for growing or stuck, in messages.'),
    completeness: share.prefault('80%').describe('Share of the partitions that a reading must cover.'),
    uncommitted: z
      .enum(['ignore', 'fail'])
      .prefault('ignore')
      .describe('Partitions without a committed offset: leave them out and say so, or fail.'),
  })
    .prefault({})
    .describe('Consumer lag of every component with a consumer group.'),
  'error-rate': section({
    mode: mode('enforce'),
    max: share.prefault('1%').describe('Highest share of messages that fail.'),
    errors: series('kafka_processing_errors_total')
      .prefault('kafka_processing_errors_total')
      .describe('Counter of the messages that failed (messages, not attempts).'),
    messages,
    absent,
    'min-messages': minMessages,
    query: promql,
  })
    .prefault({})
    .describe('Share of messages that fail.'),
  'latency-p95': section({
    mode: mode('enforce'),
    max: duration.prefault('5s').describe('Highest p95: less than 5 % of the messages may take longer.'),
    histogram: series('kafka_processing_duration_seconds')
      .prefault('kafka_processing_duration_seconds')
      .describe('Histogram in seconds, without `_bucket`.'),
    'min-messages': minMessages,
    query: promql,
  })
    .prefault({})
    .describe('Processing latency.'),
  restarts: section({
    mode: mode('enforce'),
    max: count().prefault(0).describe('Highest number of container restarts since the rollout.'),
  })
    .prefault({})
    .describe('Pods do not restart.'),
  'download-success': section({
    mode: mode('enforce'),
    min: share.prefault('95%').describe('Least share of downloads that succeed.'),
    successes: series('downloads_total{outcome="success"}')
      .prefault('downloads_total{outcome="success"}')
      .describe('Counter of the downloads that succeeded.'),
    attempts: series('downloads_total').prefault('downloads_total').describe('Counter of all downloads.'),
    'min-messages': minMessages,
    query: promql,
  })
    .prefault({})
    .describe('Share of downloads that succeed.'),
  'upload-latency': section({
    mode: mode('enforce'),
    'max-rise': percentage.prefault('25%').describe('Highest rise of p95 over the baseline before the deployment.'),
    histogram: series('onelake_upload_duration_seconds')
      .prefault('onelake_upload_duration_seconds')
      .describe('Histogram in seconds, without `_bucket`.'),
    'min-messages': minMessages,
    query: promql,
  })
    .prefault({})
    .describe('Latency of uploads, compared with the baseline before the deployment.'),
  'retry-rate': section({
    mode: mode('enforce'),
    retries: series('kafka_retries_total').prefault('kafka_retries_total').describe('Counter of retries.'),
    messages,
    absent,
    deviations,
    floor: percentage.prefault('1%').describe('… and above this share of the messages.'),
    'min-messages': minMessages,
    query: promql,
  })
    .prefault({})
    .describe('Retries do not spike.'),
  'dlq-rate': section({
    mode: mode('enforce'),
    dead: series('kafka_dlq_messages_total')
      .prefault('kafka_dlq_messages_total')
      .describe('Counter of the messages sent to the dead-letter queue.'),
    absent,
    deviations,
    floor: count().prefault(1).describe('… and above this number per minute.'),
    query: promql,
  })
    .prefault({})
    .describe('Dead letters do not spike.'),
  'circuit-breaker': section({
    mode: mode('enforce'),
    state: series('circuit_breaker_state')
      .prefault('circuit_breaker_state')
      .describe('Gauge of a breaker’s state, one series for each breaker.'),
    closed: count().prefault(0).describe('Value of a closed breaker.'),
    open: count().prefault(2).describe('Value of an open breaker; any other value is half-open.'),
    'open-samples': count(1).prefault(2).describe('A breaker has opened when it is open in this many samples in a row …'),
    openings: count(1).prefault(2).describe('… or has gone to open this many times …'),
    'openings-within': duration.prefault('5m').describe('… within this time.'),
    query: promql,
  })
    .prefault({})
    .describe('Circuit breakers stay closed.'),
  command: z.record(commandName, command).prefault({}).describe('Questions that programs of your own answer.'),
})

