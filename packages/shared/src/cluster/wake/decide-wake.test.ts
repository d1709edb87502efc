import { describe, expect, it } from '@jest/globals'
import type { Autoscaler } from '../autoscaler.ts'
import { settledComponent } from '../component.fixture.ts'
import { decideWake } from './decide-wake.ts'

const asleep = settledComponent({ replicas: 0 })
const awake = settledComponent({ replicas: 3 })
const hpa: Autoscaler = { kind: 'HPA', name: 'worker-hpa', min: 2, max: 10 }
const keda: Autoscaler = { kind: 'KEDA', name: 'worker', min: 0, max: 10 }

describe('decideWake', () => {
  it.each<[string, number, typeof asleep, Autoscaler | undefined, object | undefined]>([
    ['not wanted', 0, asleep, undefined, undefined],
    ['not wanted, whoever scales it', 0, asleep, hpa, undefined],
    ['by its own replicas', 2, asleep, undefined, { replicas: 2 }],
    ['by its own replicas, should it sleep by then', 2, awake, undefined, { replicas: 2 }],
    ['by its ScaledObject', 1, asleep, keda, { replicas: 1, scaledObject: 'worker' }],
    ['by its ScaledObject, should it sleep by then', 1, awake, keda, { replicas: 1, scaledObject: 'worker' }],
    ['never by an HPA, which does not scale to zero', 1, awake, hpa, undefined],
    [
      'paused at pods of its own, it does not sleep now',
      1,
      awake,
      { ...keda, pausedBy: 'autoscaling.keda.sh/paused-replicas: 3' },
      { replicas: 1, scaledObject: 'worker' },
    ],
  ])('%s', (_, replicas, state, autoscaler, wanted) => {
    expect(decideWake(replicas, { ...state, ...(autoscaler !== undefined && { autoscaler }) })).toEqual(
      wanted,
    )
  })

  it('refuses where a person has switched the HPA off, and says how to switch it on', () => {
    const decide = () => decideWake(1, { ...asleep, autoscaler: hpa })
    expect(decide).toThrow(
      'download-worker is scaled to zero, which switches its HPA "worker-hpa" off; a pod that is held',
    )
    expect(decide).toThrow(expect.objectContaining({ next: expect.stringContaining('--replicas=2') }))
  })

  it('refuses where somebody has paused the ScaledObject, and names the annotation', () => {
    const paused = { ...keda, pausedBy: 'autoscaling.keda.sh/paused: true' }
    const decide = () => decideWake(1, { ...asleep, autoscaler: paused })
    expect(decide).toThrow('somebody has paused its ScaledObject "worker" (autoscaling.keda.sh/paused: true)')
    expect(decide).toThrow(
      expect.objectContaining({
        next: expect.stringContaining('kubectl annotate scaledobject/worker autoscaling.keda.sh/paused-'),
      }),
    )
  })
})
