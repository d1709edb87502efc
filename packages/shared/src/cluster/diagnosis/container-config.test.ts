import { describe, expect, it } from '@jest/globals'
import { diagnose } from './diagnose.ts'
import { eventOf, evidenceOf, pod, waiting, type Case } from './evidence.fixture.ts'

const configs: readonly Case[] = [
  [
    'no ConfigMap',
    waiting('CreateContainerConfigError', 'configmap "kafka-pipeline-config" not found'),
    'container-config',
    `${pod}: its container cannot be configured: ConfigMap "kafka-pipeline-config" does not exist.`,
  ],
  [
    'no Secret',
    waiting('CreateContainerConfigError', 'secret "kafka-credentials" not found'),
    'container-config',
    `${pod}: its container cannot be configured: Secret "kafka-credentials" does not exist.`,
  ],
  [
    'no key in a ConfigMap',
    waiting(
      'CreateContainerConfigError',
      "couldn't find key RETRY_DELAY in ConfigMap kafka-pipeline/kafka-pipeline-config",
    ),
    'container-config',
    `${pod}: its container cannot be configured: the key "RETRY_DELAY" is missing in ConfigMap "kafka-pipeline-config".`,
  ],
  [
    'no key in a Secret',
    waiting(
      'CreateContainerConfigError',
      "couldn't find key password in Secret kafka-pipeline/kafka-credentials",
    ),
    'container-config',
    `${pod}: its container cannot be configured: the key "password" is missing in Secret "kafka-credentials".`,
  ],
  [
    'root',
    waiting(
      'CreateContainerConfigError',
      'container has runAsNonRoot and image will run as root (pod: "a", container: b)',
    ),
    'container-config',
    `${pod}: its container cannot be configured: container has runAsNonRoot and image will run as root (pod: "a", container: b).`,
  ],
  [
    'a volume of a ConfigMap that is not there',
    {
      ...waiting('ContainerCreating', ''),
      events: [
        eventOf(
          'FailedMount',
          'MountVolume.SetUp failed for volume "config" : configmap "worker-config" not found',
          { count: 8 },
        ),
      ],
    },
    'container-config',
    `${pod}: its container cannot be configured: ConfigMap "worker-config" does not exist.`,
  ],
  [
    'a volume with a key that is not there',
    {
      ...waiting('ContainerCreating', ''),
      events: [
        eventOf(
          'FailedMount',
          'MountVolume.SetUp failed for volume "config" : references non-existent config key: app.yaml',
        ),
      ],
    },
    'container-config',
    `${pod}: its container cannot be configured: a volume wants the key "app.yaml", which its ConfigMap does not have.`,
  ],
]

describe('a container that cannot be configured', () => {
  it.each(configs)('%s', (_, shape, kind, sentence) => {
    const found = diagnose(evidenceOf(shape))
    expect({ kind: found.kind, sentence: found.sentence }).toEqual({ kind, sentence })
  })
})
