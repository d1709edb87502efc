import type { DeploymentRecord } from '@runbook-actions/shared/record/schema.ts'
import { sanitiseLine } from '@runbook-actions/shared/report/sanitise.ts'

/** One line of the deployment log, in the words of the runbook's Step 6, with who, how and where to look. */
export function logLine(record: DeploymentRecord, passed: boolean, reason: string): string {
  const { version, environment, pipeline, plan, class: changeClass, run, approvals, commit, id } = record
  const when = (record.phases.at(-1)?.endedAt ?? record.openedAt).replace(/\.\d+Z$/, 'Z')
  const components = plan.map(({ deployment }) => deployment).join(', ')
  const what = passed
    ? `Deployed ${version} ${components} successfully`
    : `Did not deploy ${version} ${components}: ${reason}`
  const approvedBy = approvals.map(({ by }) => by).join(', ')
  const about = [
    `${pipeline} ${environment}`,
    changeClass,
    `by ${run.actor}`,
    ...(approvedBy === '' ? [] : [`approved by ${approvedBy}`]),
    `commit ${commit.slice(0, 12)}`,
    run.url,
    `record ${id}`,
  ].join(', ')
  return sanitiseLine(`${when}: ${what} (${about})`)
}
