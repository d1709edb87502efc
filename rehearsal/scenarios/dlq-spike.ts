import { production } from '../world/environment.ts'
import type { Scenario } from './scenario.ts'
import { afterMs, playBadRelease } from './watched.ts'

/** Messages that no retry mends: too few of them to break the limit of errors. The runbook names no trigger for them. */
export const dlqSpike: Scenario = {
  name: 'dlq-spike',
  title: 'dead letters spike while it is watched: held',
  play: (stage) =>
    playBadRelease(
      stage,
      { faults: { [production.namespace]: { dlqRate: { value: 0.005, afterMs } } } },
      { outcome: 'held', gate: 'dlq-rate', reason: /dlq-rate: / },
    ),
}
