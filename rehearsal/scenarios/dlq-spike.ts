import { production } from '../world/environment.ts'
import type { Scenario } from './scenario.ts'
import { afterMs, playBadRelease } from './watched.ts'

/** Messages that no retry mends, at a team that tolerates some errors and names no trigger for them. */
export const dlqSpike: Scenario = {
  name: 'dlq-spike',
  title: 'dead letters spike while it is watched: held',
  play: (stage) =>
    playBadRelease(
      stage,
      {
        faults: { [production.namespace]: { dlqRate: { value: 0.03, afterMs } } },
        runbook: (document) => {
          // A dead letter is an error, too, and has been tried again: here only that it is dead must hold the release.
          document.setIn(['gates', 'error-rate', 'max'], '5%')
          document.setIn(['gates', 'retry-rate', 'floor'], '20%')
          // That none came in ten seconds would leave open whether ninety in a minute are usual.
          document.setIn(['watch', 'baseline'], '30s')
        },
      },
      { outcome: 'held', gate: 'dlq-rate', reason: /dlq-rate: / },
    ),
}
