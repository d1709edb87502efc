import * as z from 'zod'
import { count, dnsLabel, dnsName, duration, filePath, pattern, port, text, urlPath } from '../fields.ts'
import { valueAt } from '../key-path.ts'
import { list, section } from '../section.ts'
import { canarySteps, DEFAULT_STEPS } from './canary.ts'

const metricName = z
  .string({ error: 'a metric name' })
  .regex(/^[A-Za-z_:][\w:]*$/, { error: 'a metric name' })
  .meta({ title: 'metric name' })

const imageExpected = 'an image without tag or digest, such as registry.example/team/download-worker'
const image = z
  .string({ error: imageExpected })
  .regex(/^[a-z0-9][\w.:/-]*$/, { error: imageExpected })
  .refine((name) => !/:[^/]*$/.test(name), {
    error: 'the image carries a tag; leave it off: the version that is deployed is the tag',
  })
  .meta({ title: 'image' })

/** `section`, or `false` to say that the component does not have it. */
function orNone<Schema extends z.ZodType>(schema: Schema) {
  return z.union([z.literal(false), schema], { error: 'a mapping of keys, or false to leave it out' })
}

const health = section({
  port: port.prefault(8000).describe('Port of the endpoint in the pod.'),
  path: urlPath('/health').prefault('/health').describe('Path that answers 200 when the pod is healthy.'),
  timeout: duration.prefault('5s').describe('How long one answer may take.'),
})

const metrics = section({
  port: port.prefault(8000).describe('Port of the endpoint in the pod.'),
  path: urlPath('/metrics').prefault('/metrics').describe('Path of the metrics in the Prometheus text format.'),
  expect: z
    .array(metricName)
    .prefault([])
    .describe('Metrics that must be there after the rollout.'),
  timeout: duration.prefault('5s').describe('How long one answer may take.'),
})

const logs = section({
  lines: count(1).prefault(50).describe('Lines of each new pod that are searched after the rollout.'),
  errors: z
    .array(pattern)
    .prefault(['\\berror\\b', '\\bfatal\\b', '\\bpanic\\b', 'Traceback'])
    .describe('Lines that match one of these are errors. Case does not matter.'),
  ignore: z.array(pattern).prefault([]).describe('Error lines that match one of these are known and harmless.'),
})

const component = section({
  deployment: dnsName('download-worker').describe('Name of the Deployment.'),
  container: dnsLabel('download-worker')
    .optional()
    .describe('Container that gets the new image. Default: the one named like the Deployment.'),
  image: image.optional().describe('Image without tag. Default: the repository of the image that runs.'),
  manifest: filePath('deployments/download-worker.yaml')
    .optional()
    .describe('Manifest that is applied (server-side apply) instead of only setting the image.'),
  'consumer-group': text('a consumer group such as xact-download-worker')
    .optional()
    .describe('Kafka consumer group whose lag is watched.'),
  health: orNone(health).prefault({}).describe('Health endpoint, or `false`.'),
  metrics: orNone(metrics).prefault({}).describe('Metrics endpoint, or `false`.'),
  logs: logs.prefault({}).describe('What counts as an error in the logs.'),
  canary: orNone(section({ steps: canarySteps().prefault(DEFAULT_STEPS).describe('Steps of this component.') }))
    .optional()
    .describe(
      'Part in a canary rollout, or `false`. Default: components with a consumer group take part, the others are rolled after the canary has passed.',
    ),
  wake: count()
    .prefault(0)
    .describe(
      'Replicas at which the component is held for its validation where it is scaled to zero; then it is given back. 0: it is left asleep, and nothing of it is shown.',
    ),
}).transform((parsed) => ({
  ...parsed,
  container: parsed.container ?? parsed.deployment,
  canary: parsed.canary ?? (parsed.consumerGroup === undefined ? false : defaultCanary()),
}))

function defaultCanary() {
  return { steps: canarySteps().parse(DEFAULT_STEPS) }
}

/** The Deployments of the pipeline, in the order in which they are rolled. */
export const components = list(component, (items, report) => {
  const first = new Map<string, number>()
  for (const [index, item] of items.entries()) {
    const deployment = valueAt(item, ['deployment'])
    if (typeof deployment !== 'string') continue
    const earlier = first.get(deployment)
    if (earlier === undefined) first.set(deployment, index)
    else report([index, 'deployment'], `"${deployment}" is components[${earlier}] already; each Deployment stands once`)
  }
}).min(1)
