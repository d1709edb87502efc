import { production } from '../world/environment.ts'
import type { Scenario } from './scenario.ts'
import { afterMs, playBadRelease } from './watched.ts'

/** What the runbook says to roll back for: more than one message in twenty fails. */
export const errorSpike: Scenario = {
  name: 'error-spike',
  title: 'errors above 5 % while it is watched: triggered, rolled back',
  play: (stage) =>
    playBadRelease(
      stage,
      { faults: { [production.namespace]: { errorRate: { value: 0.3, afterMs } } } },
      { outcome: 'triggered', gate: 'error-rate', reason: /error-rate: / },
    ),
}
