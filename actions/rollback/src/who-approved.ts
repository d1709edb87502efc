import type { ActionResult } from '@runbook-actions/shared/action/run.ts'
import { UserError, messageOf } from '@runbook-actions/shared/errors.ts'
import type { Forge } from '@runbook-actions/shared/github/forge.ts'
import type { Clock, Logger } from '@runbook-actions/shared/ports.ts'
import { approvalSchema, type Approval } from '@runbook-actions/shared/record/schema.ts'
import type { SummaryPart } from '@runbook-actions/shared/report/fit-summary.ts'
import { inline } from '@runbook-actions/shared/report/markdown.ts'

interface Ports {
  /** Undefined without a token, or outside a workflow run. */
  readonly forge: Pick<Forge, 'approvals'> | undefined
  readonly clock: Clock
  readonly log: Logger
  readonly signal: AbortSignal
}

/** How mode approve ends: always well. */
export type WhoApproved = ActionResult<{ approved: string }> & {
  readonly reason: string
  readonly outputs: { readonly approved: string }
  readonly summary: readonly SummaryPart[]
}

/** Nobody waits longer for a name while users are affected. */
const withinMs = 15_000

/**
 * Who let a rollback through its environment. GitHub has asked already: whatever is found out here, the rollback goes on, and what
 * cannot be found out is said.
 *
 * @throws the signal's reason when cancelled
 */
export async function whoApproved(
  environment: string,
  runId: string,
  { forge, clock, log, signal }: Ports,
): Promise<WhoApproved> {
  const unknown = (why: string): WhoApproved => {
    log.warn(`Who approved the rollback is not recorded: ${why}`)
    const markdown = `## 🟨 Who approved the rollback is not known\n**Do:** nothing now, it goes on.\n\n**Why:** ${inline(why)}`
    const reason = `Let through by ${environment}; who approved it is not known: ${why}`
    return ended(reason, '', markdown)
  }
  if (forge === undefined) return unknown('there is no token, or no workflow run.')
  let answers: Awaited<ReturnType<Forge['approvals']>>
  try {
    answers = await forge.approvals(runId, AbortSignal.any([signal, AbortSignal.timeout(withinMs)]))
  } catch (error) {
    signal.throwIfAborted()
    return unknown(messageOf(error))
  }
  const last = answers.findLast((each) => each.environment === environment && each.state === 'approved')
  if (last === undefined) return unknown(`${environment} has no required reviewers: nobody was asked.`)
  const { by, comment } = last
  const approval: Approval = { environment, by, comment, seenAt: clock.now().toISOString() }
  const said = comment === '' ? '' : `: ${inline(comment)}`
  return ended(
    `Approved by ${by} for ${environment}.`,
    JSON.stringify(approval),
    `## ✅ The rollback is approved\n**Do:** nothing. It begins now.\n@${inline(by)} for ${inline(environment)}${said}`,
  )
}

function ended(reason: string, approved: string, markdown: string): WhoApproved {
  return { outcome: 'passed', reason, outputs: { approved }, summary: [{ kind: 'decision', markdown }] }
}

/**
 * Who approved, as an earlier job has handed it on.
 *
 * @throws UserError where it is something else
 */
export function readApproval(text: string): Approval {
  try {
    return approvalSchema.parse(JSON.parse(text))
  } catch (error) {
    throw new UserError(
      `The input "approved" does not tell who approved: ${messageOf(error)}`,
      'Pass the output "approved" of this action in mode approve, unchanged; or leave it out.',
    )
  }
}
