import { UserError } from '@runbook-actions/shared/errors.ts'
import type { DeploymentRecord, Run } from '@runbook-actions/shared/record/schema.ts'
import type { RecordStore } from '@runbook-actions/shared/record/store.ts'
import type { RecordRequest } from './environment-record.ts'

/**
 * The record of the deployment that is to be continued: as the job before handed it on, else the latest of the
 * environment.
 *
 * @throws UserError where there is none, where it is another run's, or where something else is asked for than was begun
 */
export async function unfinishedRecord(
  source: DeploymentRecord | undefined,
  { environment, version, components, images }: RecordRequest['request'],
  run: Run,
  store: RecordStore,
  signal: AbortSignal,
): Promise<DeploymentRecord> {
  if (version !== undefined || components.length > 0 || images.size > 0) {
    throw new UserError(
      'What is continued is what was begun: "version", "components" and "images" cannot be chosen with "resume-after".',
      'Leave them out.',
    )
  }
  const record = source ?? (await store.load(signal)).latest
  if (record?.environment !== environment) {
    throw new UserError(
      record === undefined
        ? `No deployment to ${environment} is recorded: there is nothing to continue.`
        : `The record is of ${record.environment}, the input "environment" says ${environment}.`,
      'Pass the record that was handed on last in this run.',
    )
  }
  if (record.run.id !== run.id) {
    throw new UserError(
      `This deployment was begun by run ${record.run.id} (${record.run.url}), and only that run continues it by itself.`,
      'Re-run the failed jobs of that run. If GitHub is down, pass the record from the cluster as "record", without "resume-after": then it is your decision.',
    )
  }
  return record
}
