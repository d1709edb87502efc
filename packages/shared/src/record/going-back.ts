import type { Outcome } from '../decide/outcome.ts'
import { isLastEnvironment } from '../runbook/environments.ts'
import type { Runbook } from '../runbook/schema.ts'
import type { DeploymentRecord, GoingBackCause, Phase } from './schema.ts'

const afterwards: ReadonlySet<Phase['phase']> = new Set(['rollback', 'finish'])

/** Whether a phase tells what was done after a deployment had ended: it was taken back, or the books were kept. */
export function isAfterwards({ phase }: Phase): boolean {
  return afterwards.has(phase)
}

/** The phase that ended a deployment; what went back afterwards, and the books, are none of it. */
export function endOfDeployment({ phases }: DeploymentRecord): Phase | undefined {
  return phases.findLast((phase) => !isAfterwards(phase))
}

/** Whether it was taken back, and the environment is as it was before it. */
export function isTakenBack({ phases }: DeploymentRecord): boolean {
  return phases.findLast(({ phase }) => phase !== 'finish')?.outcome === 'rolled-back'
}

/**
 * What a run goes back for by itself: it was triggered while it was watched, it was shown to be bad, or it was cancelled and
 * the runbook file wants it so. Undefined where nothing was written, and where a person decides: it was held, or its end
 * says nothing about the release, such as an outage of the API server.
 */
export function causeToGoBack(
  record: DeploymentRecord,
  { rollback }: Pick<Runbook, 'rollback'>,
): GoingBackCause | undefined {
  const end = endOfDeployment(record)
  // The snapshot is recorded right before the first write.
  if (end === undefined || record.snapshot === undefined) return undefined
  const causes: Partial<Record<Outcome, GoingBackCause | undefined>> = {
    triggered: 'triggered',
    failed: end.verdict === 'fail' ? 'failed' : undefined,
    cancelled: rollback.onCancel === 'rollback' ? 'cancelled' : undefined,
  }
  return causes[end.outcome]
}

/** Whether the job that goes back is next. Where a version is only tried it stays, to be looked at. */
export function goesBack(record: DeploymentRecord, runbook: Runbook): boolean {
  return isLastEnvironment(runbook, record.environment) && causeToGoBack(record, runbook) !== undefined
}
