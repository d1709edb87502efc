import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { diagnosisSchema } from '../../record/diagnosis.ts'
import type { Pod } from '../component.ts'
import { diagnose } from './diagnose.ts'
import { eventOf, evidenceOf } from './evidence.fixture.ts'

describe('whatever a pod looks like', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom(
      '',
      'CrashLoopBackOff',
      'ErrImagePull',
      'not found',
      'Unschedulable',
      'PodScheduled',
      'False',
    ),
    fc.constantFrom(
      'CreateContainerConfigError',
      'exceeded quota: a, requested: b, used: c, limited: d',
      'ContainerCreating',
    ),
  )
  const anything = fc.oneof(
    { weight: 4, arbitrary: text },
    { weight: 1, arbitrary: fc.anything({ maxDepth: 2 }) },
  )
  const maybe = (shape: Record<string, fc.Arbitrary<unknown>>) =>
    fc.oneof(
      { weight: 6, arbitrary: fc.record(shape, { requiredKeys: [] }) },
      { weight: 1, arbitrary: fc.anything() },
    )
  const several = (item: fc.Arbitrary<unknown>) =>
    fc.oneof(
      { weight: 6, arbitrary: fc.array(item, { maxLength: 3 }) },
      { weight: 1, arbitrary: fc.anything() },
    )
  const state = maybe({
    waiting: maybe({ reason: anything, message: anything }),
    running: maybe({ startedAt: anything }),
    terminated: maybe({
      exitCode: fc.oneof(fc.integer(), fc.anything()),
      reason: anything,
      message: anything,
    }),
  })
  const statuses = several(
    maybe({
      name: anything,
      ready: fc.oneof(fc.boolean(), anything),
      restartCount: anything,
      state,
      lastState: state,
    }),
  )
  const anyPod = fc.record({
    metadata: maybe({ name: anything }),
    spec: maybe({
      containers: several(maybe({ name: anything, image: anything, resources: fc.anything() })),
      imagePullSecrets: several(maybe({ name: anything })),
    }),
    status: maybe({
      conditions: several(maybe({ type: anything, status: anything, reason: anything, message: anything })),
      initContainerStatuses: statuses,
      containerStatuses: statuses,
    }),
  })
  const event = fc
    .tuple(
      fc.constantFrom('Unhealthy', 'Killing', 'Failed', 'FailedMount', 'FailedCreate', 'odd'),
      fc.oneof(
        text,
        fc.constantFrom('Readiness probe failed: x', 'Container  failed liveness probe, will be restarted'),
      ),
    )
    .map(([reason, message]) => eventOf(reason, message))
  const line = fc.oneof(
    text,
    fc.constantFrom('Missing environment variable A', 'config error', 'OperationalError'),
  )

  it('gives one sentence, keeps its shape and stays small', () => {
    fc.assert(
      fc.property(
        fc.array(anyPod, { maxLength: 3 }),
        fc.array(event, { maxLength: 4 }),
        fc.array(line, { maxLength: 4 }),
        text,
        (shapes, events, lines, reason) => {
          const logs = [{ container: 'download-worker', previous: false, lines }]
          const pods = shapes.map((shape) => ({ pod: shape as Pod, events, logs }))
          const found = diagnosisSchema.parse(diagnose({ ...evidenceOf({ reason }), pods, events }))
          expect(found.sentence).toMatch(/^[^\n]+[.!?…]"?$/u)
          expect(found.sentence.length).toBeLessThanOrEqual(1_000)
          expect(found.advice.length).toBeGreaterThan(0)
          expect(JSON.stringify(found).length).toBeLessThan(100_000)
        },
      ),
      { numRuns: 500 },
    )
  })
})
