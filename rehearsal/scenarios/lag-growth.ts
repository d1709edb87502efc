import { production } from '../world/environment.ts'
import type { Scenario } from './scenario.ts'
import { afterMs, playBadRelease } from './watched.ts'

/** Download workers that consume slower than events come in. */
export const lagGrowth: Scenario = {
  name: 'lag-growth',
  title: 'consumer lag grows while it is watched: triggered, rolled back',
  play: (stage) =>
    playBadRelease(
      stage,
      {
        faults: { [production.namespace]: { slowMs: { value: 2_000, afterMs } } },
        // A slow ingester would hold back what the workers could be behind with.
        faultsOf: ['download-worker'],
      },
      { outcome: 'triggered', gate: 'consumer-lag', reason: /consumer-lag: / },
    ),
}
