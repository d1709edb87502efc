import * as z from 'zod'
import { count, duration, percentage, share } from '../fields.ts'
import { valueAt } from '../key-path.ts'
import { list, section } from '../section.ts'

/** The runbook's steps: 10 % for 30 minutes, then 50 % for 15 minutes. */
export const DEFAULT_STEPS = [
  { share: '10%', hold: '30m' },
  { share: '50%', hold: '15m' },
]

const step = section({
  share: percentage
    .refine((value) => value > 0 && value < 1, { error: 'the share of a step is above 0% and below 100%' })
    .describe('Share of the replicas that run the new version.'),
  hold: duration.describe('How long the step is held and judged.'),
})

/** Steps of a canary; each is larger than the one before. */
export function canarySteps() {
  return list(step, (steps, report) => {
    const shares = steps.map((each) => valueAt(each, ['share']))
    for (const [index, current] of shares.entries()) {
      const before = shares[index - 1]
      if (typeof before !== 'number' || typeof current !== 'number') continue
      if (current <= before) report([index, 'share'], 'a step is larger than the one before it')
    }
  }).min(1)
}

/** How a canary is judged against the stable pods. */
export const canary = section({
  baseline: z
    .enum(['stable', 'fresh'])
    .prefault('stable')
    .describe('Compare with the stable pods that run, or with fresh pods of the stable image started with the canary.'),
  margins: section({
    errors: percentage.prefault('1%').describe('Rise of the error rate that is acceptable, in percentage points.'),
    latency: duration.prefault('1s').describe('Rise of p95 latency that is acceptable; this or `latency-ratio` suffices.'),
    'latency-ratio': percentage.prefault('10%').describe('Rise of p95 latency that is acceptable, relative to stable.'),
    throughput: share
      .prefault('80%')
      .describe('Least throughput per owned partition, relative to stable.'),
  })
    .prefault({})
    .describe('How much worse than stable is still acceptable.'),
  'min-messages': count(1)
    .prefault(299)
    .describe(
      'Messages the canary must have handled before it can pass. 299 without an error show an error rate below 1 %; fewer show less.',
    ),
  'false-alarms': share
    .refine((value) => value > 0 && value <= 0.2, { error: 'the share of false alarms is above 0% and at most 20%' })
    .prefault('1%')
    .describe('Chance to abort a canary that is as good as stable, over the whole comparison.'),
  'warm-up': duration.prefault('5m').describe('First minutes of a canary pod that are left out of the comparison.'),
  extend: duration
    .prefault('30m')
    .describe('How long a step may be extended while the evidence is not enough, before a person decides.'),
})
