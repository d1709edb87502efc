import { describe, expect, it } from '@jest/globals'
import { diagnose } from './diagnose.ts'
import { crashed, eventOf, evidenceOf, pod, running, type Case } from './evidence.fixture.ts'

const probes: readonly Case[] = [
  [
    'readiness says 503',
    {
      status: running,
      events: [
        eventOf(
          'Unhealthy',
          'Readiness probe failed: Get "http://10.88.0.7:8000/health": dial tcp 10.88.0.7:8000: connect: connection refused',
        ),
        eventOf('Unhealthy', 'Readiness probe failed: HTTP probe failed with statuscode: 503', { count: 25 }),
      ],
    },
    'readiness-probe',
    `${pod}: it runs but is not ready: its readiness probe failed 25 times, last: HTTP probe failed with statuscode: 503.`,
  ],
  [
    'it never listens',
    {
      status: running,
      events: [
        eventOf('Unhealthy', 'Readiness probe failed: dial tcp 10.88.0.7:8000: connect: connection refused', {
          count: 40,
        }),
      ],
    },
    'readiness-probe',
    `${pod}: it runs but is not ready: its readiness probe failed 40 times, last: dial tcp 10.88.0.7:8000: connect: connection refused.`,
  ],
  [
    'a refusal before it listens is how every pod begins',
    {
      status: running,
      events: [
        eventOf('Unhealthy', 'Readiness probe failed: dial tcp 10.88.0.7:8000: connect: connection refused', {
          lastAt: '2026-11-23T10:00:02Z',
        }),
      ],
      reason: 'deployment "download-worker" exceeded its progress deadline of 600 s.',
    },
    'stuck',
    'deployment "download-worker" exceeded its progress deadline of 600 s; neither its pods nor their events say why.',
  ],
  [
    'liveness: the kubelet ended it',
    {
      status: { ...running, lastState: { terminated: { exitCode: 137, reason: 'Error' } }, restartCount: 2 },
      events: [
        eventOf(
          'Unhealthy',
          'Liveness probe failed: Get "http://10.88.0.7:8000/live": context deadline exceeded (Client.Timeout exceeded while awaiting headers)',
          { count: 6 },
        ),
        eventOf('Killing', 'Container download-worker failed liveness probe, will be restarted', {
          isWarning: false,
          count: 2,
        }),
      ],
      logs: [{ text: 'INFO works' }],
    },
    'liveness-probe',
    `${pod}: the kubelet restarts its container (2 times): its liveness probe failed 6 times, last: Get "http://10.88.0.7:8000/live": context deadline exceeded (Client.Timeout exceeded while awaiting headers).`,
  ],
  [
    'startup: the same',
    {
      status: { ...crashed(143), restartCount: 3 },
      events: [
        eventOf('Unhealthy', 'Startup probe failed: HTTP probe failed with statuscode: 500', { count: 9 }),
        eventOf('Killing', 'Container download-worker failed startup probe, will be restarted', {
          isWarning: false,
        }),
      ],
    },
    'startup-probe',
    `${pod}: the kubelet restarts its container (3 times): its startup probe failed 9 times, last: HTTP probe failed with statuscode: 500.`,
  ],
]

describe('a probe that fails', () => {
  it.each(probes)('%s', (_, shape, kind, sentence) => {
    const found = diagnose(evidenceOf(shape))
    expect({ kind: found.kind, sentence: found.sentence }).toEqual({ kind, sentence })
  })
})
