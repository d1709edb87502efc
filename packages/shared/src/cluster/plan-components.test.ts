import { describe, expect, it } from '@jest/globals'
import { deploymentOf, digestA, settledComponent } from './component.fixture.ts'
import type { ComponentState } from './component.ts'
import { planComponents } from './plan-components.ts'

const states = new Map([
  ['download-worker', settledComponent({ image: 'registry.local/download-worker:v1.0.0' })],
  [
    'event-ingester',
    settledComponent({ name: 'event-ingester', replicas: 2, image: 'registry.local/event-ingester:v1.0.0' }),
  ],
])
const named = (deployment: string, container = deployment) => ({ deployment, container })
const components = [named('event-ingester'), named('download-worker')]

function planned(options: Partial<Parameters<typeof planComponents>[2]> = {}): Record<string, string> {
  const plan = planComponents(components, states, { version: 'v1.1.0', ...options })
  return Object.fromEntries(plan.map((entry) => [entry.deployment, entry.to]))
}

describe('planComponents', () => {
  it("takes the running image at the version's tag, in the runbook's order", () => {
    expect(planComponents(components, states, { version: 'v1.1.0' })).toEqual([
      {
        deployment: 'event-ingester',
        container: 'event-ingester',
        from: 'registry.local/event-ingester:v1.0.0',
        to: 'registry.local/event-ingester:v1.1.0',
        replicas: 2,
        strategy: 'one at a time, never fewer than 2',
      },
      expect.objectContaining({
        deployment: 'download-worker',
        strategy: 'up to 2 more, never fewer than 5 of 6',
      }),
    ])
  })

  it('says what decides the replicas', () => {
    const autoscaler = { kind: 'HPA', name: 'worker', min: 2, max: 10 } as const
    const scaled = new Map([['download-worker', { ...settledComponent(), autoscaler }]])
    expect(planComponents([named('download-worker')], scaled, { version: 'v1.1.0' })).toMatchObject([
      { replicas: 6, autoscaler: '2–10 by HPA' },
    ])
  })

  it('says of a component that is scaled to zero that nothing will be shown', () => {
    const asleep = new Map([['download-worker', settledComponent({ replicas: 0 })]])
    expect(planComponents([named('download-worker')], asleep, { version: 'v1.1.0' })[0]?.strategy).toMatch(
      /nothing will be shown/,
    )
  })

  it('says of one with "wake" at what it will be held, and knows the way also where it is awake now', () => {
    const waking = { ...named('download-worker'), wake: 1 }
    const keda = { kind: 'KEDA', name: 'worker', min: 0, max: 10 } as const
    const plan = (state: ComponentState) =>
      planComponents([waking], new Map([['download-worker', state]]), { version: 'v1.1.0' })
    expect(plan(settledComponent({ replicas: 0 }))).toMatchObject([
      { replicas: 0, strategy: 'scaled to zero: held at 1 for its validation', wake: { replicas: 1 } },
    ])
    expect(plan({ ...settledComponent(), autoscaler: keda })).toMatchObject([
      { replicas: 6, wake: { replicas: 1, scaledObject: 'worker' } },
    ])
  })

  it('takes replicas for the team’s own only where the suite does not hold them', () => {
    const held = settledComponent({ replicas: 1 })
    held.deployment.metadata!.annotations!['runbook-actions.io/held-at'] = '1'
    const states = new Map([['download-worker', held]])
    expect(planComponents([named('download-worker')], states, { version: 'v1.1.0' })[0]?.replicas).toBe(0)
  })

  it.each([
    ['v1.2.0-rc1', 'registry.local/download-worker:v1.2.0-rc1'],
    [digestA, `registry.local/download-worker@${digestA}`],
    ['other.local/fork:v9', 'other.local/fork:v9'],
  ])('lets %s override one component', (override, image) => {
    expect(planned({ overrides: new Map([['download-worker', override]]) })).toEqual({
      'event-ingester': 'registry.local/event-ingester:v1.1.0',
      'download-worker': image,
    })
  })

  it('pins the digest beside the tag, so that people read the version and nodes run the bits', () => {
    expect(planned({ digests: new Map([['download-worker', digestA]]) })['download-worker']).toBe(
      `registry.local/download-worker:v1.1.0@${digestA}`,
    )
  })

  it('keeps the pin of the version that runs, so that the same release again changes nothing', () => {
    const image = `registry.local/download-worker:v1.1.0@${digestA}`
    const running = new Map([['download-worker', settledComponent({ image })]])
    expect(planComponents([named('download-worker')], running, { version: 'v1.1.0' })[0]?.to).toBe(image)
    expect(planComponents([named('download-worker')], running, { version: 'v1.2.0' })[0]?.to).toBe(
      'registry.local/download-worker:v1.2.0',
    )
  })

  it('refuses images for what is no component', () => {
    expect(() => planned({ overrides: new Map([['downlod-worker', 'v1']]) })).toThrow(
      'Images are given for downlod-worker, which the runbook file does not list as components.',
    )
  })

  it('names the containers where none can be chosen', () => {
    const deployment = deploymentOf()
    deployment.spec!.template.spec!.containers.push({ name: 'proxy' })
    const two = new Map([['download-worker', { ...settledComponent(), deployment }]])
    expect(() => planComponents([named('download-worker', 'main')], two, { version: 'v1' })).toThrow(
      'Deployment "download-worker" has no container "main".',
    )
    expect(planComponents([named('download-worker')], two, { version: 'v1' })[0]?.container).toBe(
      'download-worker',
    )
  })

  it('takes the only container where its name was left to the default', () => {
    const deployment = deploymentOf()
    deployment.spec!.template.spec!.containers[0]!.name = 'main'
    const one = new Map([['download-worker', { ...settledComponent(), deployment }]])
    expect(planComponents([named('download-worker')], one, { version: 'v1' })[0]?.container).toBe('main')
  })
})
