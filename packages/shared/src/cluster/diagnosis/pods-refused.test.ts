import { describe, expect, it } from '@jest/globals'
import { diagnose } from './diagnose.ts'
import { eventOf, evidenceOf, refused, type Case } from './evidence.fixture.ts'

const refusals: readonly Case[] = [
  [
    'quota',
    refused(
      'pods "download-worker-7d9-x2k" is forbidden: exceeded quota: team, requested: limits.memory=256Mi,pods=1, used: limits.memory=2Gi,pods=10, limited: limits.memory=2Gi,pods=10',
    ),
    'quota',
    'Kubernetes refuses to make its pods: the quota "team" is exceeded (limits.memory: asked 256Mi, used 2Gi, limited to 2Gi; pods: asked 1, used 10, limited to 10).',
  ],
  [
    'a quota wants limits to be set',
    refused(
      'pods "a" is forbidden: failed quota: compute: must specify limits.cpu for: download-worker; limits.memory for: download-worker',
    ),
    'quota',
    'Kubernetes refuses to make its pods: the quota "compute" says: must specify limits.cpu for: download-worker; limits.memory for: download-worker.',
  ],
  [
    'a quota that nobody has counted yet',
    refused('pods "a" is forbidden: status unknown for quota: team, resources: pods'),
    'quota',
    'Kubernetes refuses to make its pods: the quota "team" is not counted yet: resources: pods.',
  ],
  [
    'a policy, told only by an event',
    {
      withoutPods: true,
      deploymentEvents: [
        eventOf(
          'FailedCreate',
          'Error creating: pods "a" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false',
        ),
      ],
    },
    'pods-refused',
    'Kubernetes refuses to make its pods: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false.',
  ],
]

describe('pods that may not be made', () => {
  it.each(refusals)('%s', (_, shape, kind, sentence) => {
    const found = diagnose(evidenceOf(shape))
    expect({ kind: found.kind, sentence: found.sentence }).toEqual({ kind, sentence })
  })
})
