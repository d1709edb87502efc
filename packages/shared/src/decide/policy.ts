import type { Outcome } from './outcome.ts'
import type { Verdict } from './verdict.ts'

/** The phases that end by a verdict of gates. What the watch does with its triggers comes on top of this. */
export type GatedPhase = 'preflight' | 'validate'

/**
 * What a phase does with the worst verdict of its gates.
 *
 * Before the first write everything that is not shown to be good blocks: nothing is lost by waiting. After it, a
 * failed gate fails the deployment, and a question without an answer holds it: no tag, and a person decides. An
 * outage of what answers the question never ends as if the release were bad.
 */
export function outcomeOf(phase: GatedPhase, worst: Verdict): Outcome {
  switch (worst) {
    case 'pass':
    case 'warn':
      return 'passed'
    case 'fail':
      return phase === 'preflight' ? 'blocked' : 'failed'
    case 'unknown':
    case 'inconclusive':
    case 'skipped':
      return phase === 'preflight' ? 'blocked' : 'held'
  }
}
