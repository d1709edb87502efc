import type { DeploymentRecord } from './schema.ts'

/** The record as people read of it: a configuration change brings no version, and calls itself by the one that stays. */
export function asTold(record: DeploymentRecord): DeploymentRecord {
  return record.configuration === undefined
    ? record
    : { ...record, version: `${record.version} with a new configuration` }
}
