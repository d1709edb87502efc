import { production } from '../world/environment.ts'
import type { Scenario } from './scenario.ts'
import { afterMs, playBadRelease } from './watched.ts'

/** The upload target refuses the new version. */
export const breakerOpen: Scenario = {
  name: 'breaker-open',
  title: 'a circuit breaker opens while it is watched: triggered, rolled back',
  play: (stage) =>
    playBadRelease(
      stage,
      { faults: { [production.namespace]: { breakerOpens: { value: true, afterMs } } } },
      { outcome: 'triggered', gate: 'circuit-breaker', reason: /circuit-breaker: / },
    ),
}
