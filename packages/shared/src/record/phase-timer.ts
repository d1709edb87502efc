import type { Clock } from '../ports.ts'
import { appendPhase, type PhaseEnd } from './append.ts'
import type { DeploymentRecord } from './schema.ts'

/** Remembers when a phase began, and ends it in the record. */
export function beginPhase(phase: PhaseEnd['phase'], clock: Clock) {
  const startedAt = clock.now()
  return {
    startedAt,
    end: (
      record: DeploymentRecord,
      end: Omit<PhaseEnd, 'phase' | 'startedAt' | 'endedAt'>,
    ): DeploymentRecord => appendPhase(record, { phase, startedAt, endedAt: clock.now(), ...end }),
  }
}
