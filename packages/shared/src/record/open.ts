import type { DeploymentRecord } from './schema.ts'

/** The part of a record that is known when it is opened. */
export type Opening = Omit<
  DeploymentRecord,
  | 'schema'
  | 'id'
  | 'openedAt'
  | 'approvals'
  | 'overrides'
  | 'deployed'
  | 'phases'
  | 'rejection'
  | 'closedAt'
  | 'snapshot'
  | 'staging'
>

/** A record's name: one per pipeline, environment, version and attempt of a run. */
export function recordId(
  parts: Pick<DeploymentRecord, 'pipeline' | 'environment' | 'version' | 'run'>,
): string {
  return [parts.pipeline, parts.environment, parts.version, `${parts.run.id}-${parts.run.attempt}`].join('/')
}

/** A new record with nothing done yet. */
export function openRecord(opening: Opening, now: Date): DeploymentRecord {
  return {
    schema: 1,
    id: recordId(opening),
    openedAt: now.toISOString(),
    ...opening,
    approvals: [],
    overrides: [],
    deployed: [],
    phases: [],
  }
}

/**
 * The record of the same release for another environment, such as staging: what was decided is the same, what was
 * seen and done is not.
 */
export function recordFor(
  record: DeploymentRecord,
  place: Pick<DeploymentRecord, 'environment' | 'namespace' | 'plan'> &
    Partial<Pick<DeploymentRecord, 'from'>>,
  now: Date,
): DeploymentRecord {
  const {
    pipeline,
    version,
    tag,
    commit,
    class: changeClass,
    strategy,
    approval,
    author,
    run,
    ticket,
  } = record
  return openRecord(
    {
      pipeline,
      version,
      tag,
      commit,
      class: changeClass,
      strategy,
      approval,
      ...(author !== undefined && { author }),
      run,
      ...(ticket !== undefined && { ticket }),
      ...place,
    },
    now,
  )
}
