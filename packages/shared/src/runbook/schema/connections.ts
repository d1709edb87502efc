import * as z from 'zod'
import { dnsLabel, duration, port, secret, series, share, template, text, url, urlPath } from '../fields.ts'
import { valueAt } from '../key-path.ts'
import { section } from '../section.ts'
import { templatesIn } from '../template.ts'

const broker = template('a broker as host:port, or a variable that holds a comma separated list, such as ${KAFKA_BROKERS}').refine(
  ({ text: value }) => value.includes('${') || /^[\w.-]+:\d{1,5}(?:, ?[\w.-]+:\d{1,5})*$/.test(value),
  { error: 'expected a broker as host:port, such as kafka-0.kafka:9092, or a variable such as ${KAFKA_BROKERS}' },
)

const password = secret('KAFKA_PASSWORD').prefault('${KAFKA_PASSWORD}').describe('Password of the user.')
const username = template('a user name, such as ${KAFKA_USERNAME}')
  .prefault('${KAFKA_USERNAME}')
  .describe('User to log in as.')

const sasl = z.discriminatedUnion('mechanism', [
  section({
    mechanism: z.enum(['plain', 'scram-sha-256', 'scram-sha-512']).describe('How to log in.'),
    username,
    password,
  }),
  section({
    mechanism: z.literal('oauthbearer'),
    'token-url': url('https://login.example/oauth2/token').describe('Endpoint of the client credentials grant.'),
    'client-id': template('a client id, such as ${KAFKA_CLIENT_ID}')
      .prefault('${KAFKA_CLIENT_ID}')
      .describe('Client to ask the token for.'),
    'client-secret': secret('KAFKA_CLIENT_SECRET')
      .prefault('${KAFKA_CLIENT_SECRET}')
      .describe('Its secret.'),
    scope: text('a scope such as kafka').optional().describe('Scope to ask for.'),
  }),
  section({
    mechanism: z.literal('aws-msk-iam'),
    region: template('an AWS region such as eu-central-1')
      .prefault('${AWS_REGION}')
      .describe('Region of the cluster. The credentials are the ones of the AWS environment variables.'),
  }),
])

const tls = z.union(
  [
    z.boolean(),
    section({
      ca: secret('KAFKA_CA').optional().describe('Certificate authority of the brokers, PEM.'),
      certificate: secret('KAFKA_CERTIFICATE').optional().describe('Client certificate, PEM.'),
      key: secret('KAFKA_KEY').optional().describe('Key of the client certificate, PEM.'),
      'server-name': text('a host name').optional().describe('Name that the brokers’ certificates carry.'),
    }),
  ],
  { error: 'true, false or a mapping with ca, certificate, key, server-name' },
)

const variableName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, { error: 'the name of a variable such as KAFKA_BROKERS' })
const secretKey = z
  .string()
  .regex(/^[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?\/[-._A-Za-z0-9]{1,253}$/, {
    error: 'a Secret and its key, such as kafka-access/brokers',
  })
  .transform((value) => {
    const [name = '', key = ''] = value.split('/')
    return { name, key }
  })
  .meta({ title: 'Secret/key' })

/** Where consumer lag is read. */
export const kafka = section(
  {
  source: z
    .enum(['kafka', 'prometheus', 'job'])
    .prefault('kafka')
    .describe(
      'Where lag is read: from the brokers, from an exporter through Prometheus, or by the same reader in a Job inside the cluster, for brokers that only the cluster reaches.',
    ),
  brokers: z
    .array(broker)
    .min(1)
    .optional()
    .describe('Brokers to start from, host:port. Needed unless `source` is `prometheus`.'),
  tls: tls.prefault(false).describe('Encrypt the connection; a mapping names certificates of your own.'),
  sasl: sasl.optional().describe('How to log in to the brokers. Absent: no login.'),
  'connect-timeout': duration.prefault('10s').describe('How long one connection may take.'),
  'request-timeout': duration.prefault('30s').describe('How long one request may take.'),
  job: section({
    image: text('an image such as registry.example/node:24')
      .prefault('docker.io/library/node:24.21.0-slim')
      .describe('Image with Node 24 in which the reader runs; `node` must be in its path.'),
    'service-account': dnsLabel('default').prefault('default').describe('Service account of the Job.'),
    secrets: z
      .record(variableName, secretKey.describe('Where this variable is: name of a Secret, “/”, its key.'))
      .prefault({})
      .describe(
        'Where the variables of `brokers`, `tls` and `sasl` are inside the cluster: name of a Secret in the namespace, “/”, its key.',
      ),
    deadline: duration.prefault('2m').describe('How long the Job may take to start, image pull included.'),
    every: duration.prefault('10s').describe('How often it reads, as long as somebody asks.'),
    lifetime: duration.prefault('15m').describe('How long one Job reads; a longer watch starts the next one.'),
  })
    .prefault({})
    .describe('The Job of `source: job`.'),
  exporter: section({
    lag: series('kafka_consumergroup_lag')
      .prefault('kafka_consumergroup_lag')
      .describe('How far a group is behind in one partition; its labels choose one of several Kafka clusters.'),
    committed: series('kafka_consumergroup_current_offset')
      .prefault('kafka_consumergroup_current_offset')
      .describe('The offset that the group has committed there. Below 0: never committed.'),
    members: series('kafka_consumergroup_members')
      .prefault('kafka_consumergroup_members')
      .describe('How many members the group has. Where there is no such metric, that is unknown.'),
    labels: section({
      group: text('a label name').prefault('consumergroup').describe('Label that holds the group.'),
      topic: text('a label name').prefault('topic').describe('Label that holds the topic.'),
      partition: text('a label name').prefault('partition').describe('Label that holds the number of the partition.'),
    })
      .prefault({})
      .describe('How the exporter names things.'),
    'scrape-interval': duration
      .optional()
      .describe('How often Prometheus scrapes the exporter. Absent: `prometheus.scrape-interval`.'),
  })
    .prefault({})
    .describe('The metrics of `source: prometheus`, by default those of kafka-exporter.'),
},
({ source, brokers, tls: encryption, sasl: login, job }, report) => {
  if (brokers === undefined && source !== 'prometheus') report([], '`brokers` is missing; it is needed unless `source` is "prometheus"')
  if (source !== 'job') return
  const secrets = valueAt(job, ['secrets'])
  for (const name of new Set(templatesIn([brokers, encryption, login]).flatMap(({ variables }) => variables)))
    if (valueAt(secrets, [name]) === undefined)
      report(['job', 'secrets'], `the Job does not know \`\${${name}}\`: say in which Secret of the cluster it is, such as ${name}: kafka-access/${name.toLowerCase()}`)
})

/** Where metrics are queried. Without it the suite scrapes the pods itself. */
export const prometheus = section(
  {
  url: url('${PROMETHEUS_URL}').optional().describe('Address, with a path prefix if there is one.'),
  service: section({
    namespace: dnsLabel('monitoring').describe('Namespace of the Service.'),
    name: dnsLabel('prometheus').describe('Name of the Service.'),
    port: port.prefault(9090).describe('Port of the Service.'),
    scheme: z.enum(['http', 'https']).prefault('http').describe('Scheme behind the Service.'),
    path: urlPath('/prometheus').prefault('/').describe('Path prefix of the API.'),
  })
    .optional()
    .describe('A Service in the cluster, reached through the API server. Instead of `url`.'),
  headers: z
    .record(z.string().regex(/^[A-Za-z][\w-]*$/, { error: 'a header name' }), template('a header value').meta({ writeOnly: true }).describe('Value of the header.'))
    .prefault({})
    .describe('Headers to send.'),
  tenant: template('a tenant id').optional().describe('Tenant, sent as `X-Scope-OrgID`.'),
  'bearer-token': secret('PROMETHEUS_TOKEN').optional().describe('Token for the `Authorization` header.'),
  basic: section({
    username: template('a user name, such as ${PROMETHEUS_USERNAME}')
      .prefault('${PROMETHEUS_USERNAME}')
      .describe('User.'),
    password: secret('PROMETHEUS_PASSWORD').prefault('${PROMETHEUS_PASSWORD}').describe('Password.'),
  })
    .optional()
    .describe('Basic authentication.'),
  labels: section({
    namespace: text('a label name').prefault('namespace').describe('Label that holds the namespace of a pod.'),
    pod: text('a label name').prefault('pod').describe('Label that holds the name of a pod.'),
  })
    .prefault({})
    .describe('How your scrape configuration names things.'),
  'scrape-interval': duration.prefault('30s').describe('How often Prometheus scrapes the pods.'),
  'rate-window': duration.prefault('5m').describe('Window of rates; at least four scrape intervals.'),
  timeout: duration.prefault('30s').describe('How long one query may take.'),
  'retry-for': duration
    .prefault('3m')
    .describe('How long a failing query is tried again before its gate is unknown.'),
  coverage: share.prefault('80%').describe('Share of the points of a window that must be present to conclude.'),
},
(value, report) => {
  if ((value.url === undefined) === (value.service === undefined)) report([], 'exactly one of `url` and `service` is needed')
  if (value.service !== undefined && (value.basic !== undefined || value['bearer-token'] !== undefined))
    report(['service'], 'the API server keeps the `Authorization` header for itself: with `service` there is no `basic` and no `bearer-token`')
  if (value.basic !== undefined && value['bearer-token'] !== undefined) report(['basic'], 'either `basic` or `bearer-token`, not both')
})
