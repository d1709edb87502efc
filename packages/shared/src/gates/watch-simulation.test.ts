import { describe, expect, it } from '@jest/globals'
import { faultyWatches, healthyWatches, playWatch } from './watch-simulation.fixture.ts'

/** An excerpt of `npm run simulate`, whose tables are in docs/decisions/0016-simulated-watches.md. */
const seed = 50_001

describe('simulated watches', () => {
  it.each(healthyWatches.filter(({ name }) => name.startsWith('a rebalance') || name.startsWith('bursts')))(
    'a healthy, noisy hour passes: $name',
    async (scenario) => {
      const { outcome, afterMinutes } = await playWatch(scenario, seed)
      expect(outcome).toBe('passed')
      expect(afterMinutes).toBeGreaterThanOrEqual(60)
    },
  )

  it.each(faultyWatches)('a fault is found: $name', async (scenario) => {
    const { outcome, reason, failedLooks } = await playWatch(scenario, seed)
    expect(['held', 'triggered']).toContain(outcome)
    expect(reason).not.toBe('')
    expect(failedLooks).toBeGreaterThan(0)
  })

  it('the same seed plays the same', async () => {
    const [scenario] = faultyWatches
    expect(await playWatch(scenario!, seed)).toEqual(await playWatch(scenario!, seed))
    expect(await playWatch(scenario!, seed)).not.toEqual(await playWatch(scenario!, seed + 1))
  })
})
