import type { Outcome } from '../decide/outcome.ts'
import type { DeploymentRecord } from '../record/schema.ts'
import { fitRecord } from '../record/fit.ts'
import { writeRecord } from '../record/text.ts'
import type { SummaryPart } from '../report/fit-summary.ts'
import type { OutputValues } from './outputs.ts'
import type { ActionResult } from './run.ts'

/** How a phase ended: the record goes in, the record comes out. */
export interface PhaseResult {
  readonly outcome: Outcome
  /** One sentence. */
  readonly reason: string
  /** What the reader must do where it did not pass. */
  readonly next?: string
  readonly record: DeploymentRecord
  readonly summary: readonly SummaryPart[]
}

/** The outputs that every phase has beside its own. */
export const phaseOutputs = { record: '', reason: '' }

/** What each output holds, in one sentence: the source of `action.yml` and of the README's table. */
export type OutputDescriptions<O extends OutputValues> = Readonly<
  Record<'outcome' | 'ended' | keyof O, string>
>

/** Of the outputs that every phase has; `outcome` differs, because no phase can end in every way. */
export const phaseOutputDescriptions = {
  record:
    'The deployment record as JSON, with this phase at its end. Pass it to the next step or job, unchanged.',
  reason: 'Why it ended so, in one sentence.',
  ended: 'true where the action itself said how it ended; false where its process died before it could.',
}

/**
 * The next action gets the record as an environment variable, and Linux starts no process with one above 128 KiB: the
 * step would fail without a word.
 */
const handedOnBytes = 120 << 10

/** A phase's end as an action publishes it. */
export function publish(result: PhaseResult): ActionResult<typeof phaseOutputs> {
  const { outcome, reason, next, record, summary } = result
  return {
    outcome,
    reason,
    ...(next !== undefined && { next }),
    outputs: { record: writeRecord(fitRecord(record, handedOnBytes)), reason },
    summary,
  }
}
