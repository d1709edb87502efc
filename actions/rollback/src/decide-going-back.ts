import { causeToGoBack, endOfDeployment } from '@runbook-actions/shared/record/going-back.ts'
import { newest } from '@runbook-actions/shared/record/newest.ts'
import type { DeploymentRecord, GoingBackCause } from '@runbook-actions/shared/record/schema.ts'
import type { Runbook } from '@runbook-actions/shared/runbook/schema.ts'

/** Whether a run takes back by itself what it has deployed. */
export type GoingBackDecision =
  | {
      readonly do: 'go-back'
      readonly record: DeploymentRecord
      readonly cause: GoingBackCause
      /** Why, for the record and for whoever deploys that version again. */
      readonly reason: string
    }
  /** `passed`: there is nothing to take back. `held`: there is, and a person decides. */
  | { readonly do: 'stay'; readonly outcome: 'passed' | 'held'; readonly reason: string }

/**
 * Goes back only from what the run itself has written, as long as it is the environment's latest deployment and nobody has
 * taken it back; and only for what the release has shown, or where the runbook file says so of a cancelled run.
 *
 * @param handedOn the newest record that a job of the run has handed on
 * @param latest what the environment's own record says
 */
export function decideGoingBack(
  handedOn: DeploymentRecord,
  latest: DeploymentRecord | undefined,
  runbook: Pick<Runbook, 'rollback'>,
): GoingBackDecision {
  const record = newest(handedOn, latest)
  const { environment, version, rollback } = record
  const end = endOfDeployment(record)
  if (latest?.id !== record.id) {
    if (record.snapshot === undefined) return stay('passed', unwritten(record))
    const who = latest === undefined ? 'somebody' : `${latest.run.actor} with ${latest.version}`
    return stay(
      'held',
      `${environment} was deployed to by ${who} since: what ${version} left is not there any more.`,
    )
  }
  const last = record.phases.findLast(({ phase }) => phase !== 'finish')
  if (rollback !== undefined && last?.outcome === 'rolled-back')
    return stay('passed', `${version} was rolled back already, by ${rollback.run.actor}: ${rollback.reason}`)
  if (record.snapshot === undefined) return stay('passed', unwritten(record))
  const cause = causeToGoBack(record, runbook)
  const how = end === undefined ? 'has begun' : `ended as ${end.outcome} at ${end.phase}`
  if (cause === undefined || end === undefined)
    return stay('held', `${version} ${how}, for which nothing goes back by itself.`)
  return {
    do: 'go-back',
    record,
    cause,
    reason: `${cause} at ${end.phase}: ${end.reason.replace(/\.$/u, '')}`,
  }
}

function stay(outcome: 'passed' | 'held', reason: string): GoingBackDecision {
  return { do: 'stay', outcome, reason }
}

function unwritten({ environment, version }: DeploymentRecord): string {
  return `${version} has written nothing to ${environment}: there is nothing to go back from.`
}
