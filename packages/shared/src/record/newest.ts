import type { DeploymentRecord } from './schema.ts'

/** The record of a deployment that has come further: what is in the cluster has more evidence than what a job hands on. */
export function newest(handedOn: DeploymentRecord, latest: DeploymentRecord | undefined): DeploymentRecord {
  if (latest?.id !== handedOn.id) return handedOn
  return handedOn.phases.length > latest.phases.length ? handedOn : latest
}
