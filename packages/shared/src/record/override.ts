import type { Clock } from '../ports.ts'
import type { DeploymentRecord } from './schema.ts'

/** The question of a rollback whether the old code may run on the schema as it is. */
export const schemaGate = 'schema'

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

/** The record with a person's decision to go back although the old code was not shown to run on the new schema. */
export function withSchemaOverride(
  record: DeploymentRecord,
  reason: string | undefined,
  by: string,
  clock: Clock,
): DeploymentRecord {
  return withOverride(record, schemaGate, reason, by, clock)
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
