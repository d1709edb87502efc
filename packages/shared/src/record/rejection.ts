import type { Answered } from '../decide/approval.ts'
import type { Clock } from '../ports.ts'
import type { DeploymentRecord } from './schema.ts'

/** The record with who refused to approve it, and why. */
export function withRejection(
  record: DeploymentRecord,
  { environment, by, comment }: Answered,
  clock: Clock,
): DeploymentRecord {
  return { ...record, rejection: { environment, by, comment, seenAt: clock.now().toISOString() } }
}
