import { production } from '../world/environment.ts'
import type { Scenario } from './scenario.ts'
import { afterMs, playBadRelease } from './watched.ts'

/** A release that consumes slower than the source produces. */
export const lagGrowth: Scenario = {
  name: 'lag-growth',
  title: 'consumer lag grows while it is watched: triggered',
  play: (stage) =>
    playBadRelease(
      stage,
      { faults: { [production.namespace]: { slowMs: { value: 2_000, afterMs } } } },
      { outcome: 'triggered', gate: 'consumer-lag', reason: /consumer-lag: / },
    ),
}
