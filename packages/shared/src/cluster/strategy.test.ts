import { describe, expect, it } from '@jest/globals'
import { deploymentOf } from './component.fixture.ts'
import { describeStrategy, rollingStrategy } from './strategy.ts'

const strategyOf = (
  replicas: number,
  rollingUpdate?: { maxSurge?: string | number; maxUnavailable?: string | number },
) =>
  rollingStrategy(
    deploymentOf({ replicas, ...(rollingUpdate && { strategy: { type: 'RollingUpdate', rollingUpdate } }) }),
  )

describe('rollingStrategy', () => {
  it.each([
    [6, undefined, 2, 1],
    [10, { maxSurge: '25%', maxUnavailable: '25%' }, 3, 2],
    [2, { maxSurge: '25%', maxUnavailable: '25%' }, 1, 0],
    [6, { maxSurge: 1, maxUnavailable: 0 }, 1, 0],
    [6, { maxSurge: 0, maxUnavailable: 1 }, 0, 1],
    [3, { maxSurge: 0, maxUnavailable: '10%' }, 0, 1],
    [4, { maxSurge: '50%', maxUnavailable: 2 }, 2, 2],
  ])('%i replicas with %j', (replicas, rollingUpdate, surge, unavailable) => {
    expect(strategyOf(replicas, rollingUpdate)).toEqual({ replicas, surge, unavailable, rolling: true })
  })
})

describe('describeStrategy', () => {
  it.each([
    [strategyOf(6), 'up to 2 more, never fewer than 5 of 6'],
    [strategyOf(6, { maxSurge: 1, maxUnavailable: 0 }), 'one at a time, never fewer than 6'],
    [strategyOf(6, { maxSurge: 0, maxUnavailable: 1 }), 'one at a time, never fewer than 5 of 6'],
    [strategyOf(0), 'no pods: nothing will be shown by this rollout'],
    [
      rollingStrategy(deploymentOf({ replicas: 3, strategy: { type: 'Recreate' } })),
      'Recreate: all 3 pods stop before the first new one starts',
    ],
  ])('%j', (strategy, sentence) => {
    expect(describeStrategy(strategy)).toBe(sentence)
  })
})
