import type { Outcome } from '../decide/outcome.ts'
import type { Verdict } from '../decide/verdict.ts'
import type { Diagnosis } from './diagnosis.ts'
import type { GateResult } from './gate-result.ts'
import type { Availability, DeploymentRecord, PhaseName, TroubleSpan } from './schema.ts'

/** How a phase ended, before it becomes an entry of the record. */
export interface PhaseEnd {
  readonly phase: PhaseName
  readonly outcome: Outcome
  readonly verdict?: Verdict
  readonly reason: string
  readonly startedAt: Date
  readonly endedAt: Date
  readonly gates?: readonly GateResult[]
  readonly troubles?: readonly TroubleSpan[]
  readonly diagnosis?: Diagnosis
  readonly availability?: readonly Availability[]
}

/** The record with one more phase at its end. Earlier entries are never changed. */
export function appendPhase(record: DeploymentRecord, end: PhaseEnd): DeploymentRecord {
  const { startedAt, endedAt, gates = [], availability, troubles, ...rest } = end
  const entry = {
    ...rest,
    startedAt: startedAt.toISOString(),
    endedAt: endedAt.toISOString(),
    gates: [...gates],
    ...(availability !== undefined && { availability: [...availability] }),
    ...(troubles !== undefined && { troubles: [...troubles] }),
  }
  return { ...record, phases: [...record.phases, entry] }
}

/** The last entry of a phase: a re-run appends another, and the newest counts. */
export function lastPhase(
  record: DeploymentRecord,
  phase: PhaseName,
): DeploymentRecord['phases'][number] | undefined {
  return record.phases.findLast((entry) => entry.phase === phase)
}
