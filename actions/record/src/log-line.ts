import { asTold } from '@runbook-actions/shared/record/as-told.ts'
import type { DeploymentRecord } from '@runbook-actions/shared/record/schema.ts'
import { sanitiseLine } from '@runbook-actions/shared/report/sanitise.ts'

/** One line of the deployment log, in the words of the runbook's Step 6, with who, how and where to look. */
export function logLine(record: DeploymentRecord, passed: boolean, reason: string): string {
  const when = (record.phases.at(-1)?.endedAt ?? record.openedAt).replace(/\.\d+Z$/, 'Z')
  return sanitiseLine(`${when}: ${told(record, passed, reason)}`)
}

/** The line without its time. */
function told(record: DeploymentRecord, passed: boolean, reason: string): string {
  const {
    version,
    environment,
    pipeline,
    plan,
    class: changeClass,
    run,
    approvals,
    commit,
    id,
    ticket,
  } = asTold(record)
  const components = plan.map(({ deployment }) => deployment).join(', ')
  const what = passed
    ? `Deployed ${version} ${components} successfully`
    : (rolledBack(asTold(record)) ?? `Did not deploy ${version} ${components}: ${reason}`)
  const approvedBy = approvals.map(({ by }) => by).join(', ')
  const about = [
    `${pipeline} ${environment}`,
    changeClass,
    `by ${run.actor}`,
    ...(approvedBy === '' ? [] : [`approved by ${approvedBy}`]),
    `commit ${commit.slice(0, 12)}`,
    run.url,
    ...(ticket === undefined ? [] : [`ticket #${ticket.number}`]),
    `record ${id}`,
  ].join(', ')
  return `${what} (${about})`
}

/** What the latest phase says where it is a rollback: in the log it is what happened, and not that it was not deployed. */
function rolledBack({ phases, rollback, version }: DeploymentRecord): string | undefined {
  const last = phases.findLast(({ phase }) => phase !== 'finish')
  if (last?.phase !== 'rollback' || rollback === undefined) return undefined
  const { target, reason, run, approval } = rollback
  const approved = approval === undefined ? '' : `, approved by ${approval.by}`
  const done = last.outcome === 'rolled-back' ? 'Rolled back' : 'Did not roll back'
  const why = last.outcome === 'rolled-back' ? '' : `: ${last.reason}`
  return `${done} ${version} to ${target} (${reason}, by ${run.actor}${approved}, ${run.url})${why}`
}

/**
 * By what it is found out that the line is there already: by all that it tells but its time. The same record has another
 * line where failed jobs were run again and ended otherwise. A deployment that found all of its release in place, known as
 * good, tells nothing new: any line that says it was deployed there will do.
 */
export function logKey(record: DeploymentRecord, passed: boolean, reason: string): string {
  const { from, version, commit, plan, pipeline, environment, configuration } = record
  const isRepeated =
    configuration === undefined &&
    from?.version === version &&
    from.commit === commit &&
    plan.every((each) => each.from === each.to)
  if (!passed || !isRepeated) return sanitiseLine(told(record, passed, reason))
  const components = plan.map(({ deployment }) => deployment).join(', ')
  return sanitiseLine(`Deployed ${version} ${components} successfully (${pipeline} ${environment},`)
}
