import { UserError } from '../errors.ts'
import type { Diagnosis } from './diagnosis.ts'
import type { GateResult } from './gate-result.ts'
import type { DeploymentRecord } from './schema.ts'
import { writeRecord } from './text.ts'

/** Lines of evidence that every answer keeps, step by step, until the record fits; the most telling come first. */
const keptLines = [50, 10, 3, 0] as const

/**
 * The record in at most `limitBytes` bytes of JSON. What shows an answer gives way, and says how much of it is gone; then the
 * offsets of partitions. What was decided, done and approved, and the snapshot to go back to, never do.
 *
 * @throws UserError where these alone are too large
 */
export function fitRecord(record: DeploymentRecord, limitBytes: number): DeploymentRecord {
  if (sizeOf(record) <= limitBytes) return record
  for (const lines of keptLines) {
    const trimmed = withEvidence(record, lines)
    if (sizeOf(trimmed) <= limitBytes) return trimmed
  }
  const bare = withoutOffsets(withEvidence(record, 0))
  if (sizeOf(bare) <= limitBytes) return bare
  const mib = (bytes: number): string => `${(bytes / (1 << 20)).toFixed(2)} MiB`
  throw new UserError(
    `The deployment record is too large to be kept: ${mib(sizeOf(bare))} without any evidence, and there is room for ${mib(limitBytes)}.`,
    `Its snapshot has the pod templates of ${record.snapshot?.deployments.length ?? 0} Deployments: deploy fewer at a time by the input "components", or make the templates smaller.`,
  )
}

function sizeOf(record: DeploymentRecord): number {
  return Buffer.byteLength(writeRecord(record))
}

function withEvidence(record: DeploymentRecord, lines: number): DeploymentRecord {
  const phases = record.phases.map((phase) => ({
    ...phase,
    gates: phase.gates.map((gate) => shortened(gate, lines)),
    ...(phase.diagnosis !== undefined && { diagnosis: shortened(phase.diagnosis, lines) }),
  }))
  return { ...record, phases }
}

/** Partitions are many where a pipeline is large; that they were read and left out is said. */
function withoutOffsets(record: DeploymentRecord): DeploymentRecord {
  const why = 'its partitions are left out here: the record was too large.'
  const { offsets, rollback } = record
  const receipt = rollback?.receipt
  return {
    ...record,
    ...(offsets !== undefined && {
      offsets: {
        ...offsets,
        groups: [],
        notRead: [...offsets.notRead, ...offsets.groups.map(({ group }) => ({ group, why }))],
      },
    }),
    ...(rollback !== undefined &&
      receipt !== undefined && {
        rollback: {
          ...rollback,
          receipt: {
            ...receipt,
            groups: [],
            notKnown: [...receipt.notKnown, ...receipt.groups.map(({ group }) => `${group}: ${why}`)],
          },
        },
      }),
  }
}

function shortened<T extends GateResult | Diagnosis>(answer: T, lines: number): T {
  const left = answer.evidence.length - lines
  if (left <= 0) return answer
  const note = `${left} of ${answer.evidence.length} lines are left out here: the record was too large.`
  return { ...answer, evidence: [...answer.evidence.slice(0, lines), note] }
}
