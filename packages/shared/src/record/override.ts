import type { Clock } from '../ports.ts'
import type { DeploymentRecord } from './schema.ts'

/** The record with a person's decision to deploy at an avoided time; as it is where there is no reason. */
export function withWindowOverride(
  record: DeploymentRecord,
  reason: string | undefined,
  by: string,
  clock: Clock,
): DeploymentRecord {
  return withOverride(record, 'deployment-window', reason, by, clock)
}

/** The record with a person's decision to deploy what was rolled back before; as it is where there is no reason. */
export function withRedeployReason(
  record: DeploymentRecord,
  reason: string | undefined,
  by: string,
  clock: Clock,
): DeploymentRecord {
  return withOverride(record, 'rolled-back-before', reason, by, clock)
}

function withOverride(
  record: DeploymentRecord,
  gate: string,
  reason: string | undefined,
  by: string,
  clock: Clock,
): DeploymentRecord {
  if (reason === undefined) return record
  const override = { gate, reason, by, at: clock.now().toISOString() }
  return { ...record, overrides: [...record.overrides, override] }
}
