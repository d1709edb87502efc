import { production } from '../world/environment.ts'
import type { Scenario } from './scenario.ts'
import { afterMs, playBadRelease } from './watched.ts'

/** Above the limit of 1 %, below the trigger of 5 %: bad enough not to be called a success, too little to go back by itself. */
export const smallBreach: Scenario = {
  name: 'small-breach',
  title: '3.5 % errors while it is watched: held for a person, not rolled back',
  play: (stage) =>
    playBadRelease(
      stage,
      { faults: { [production.namespace]: { errorRate: { value: 0.035, afterMs } } } },
      { outcome: 'held', gate: 'error-rate', reason: /error-rate: / },
    ),
}
