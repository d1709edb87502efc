import { keepTicket } from '@runbook-actions/shared/action/keep-ticket.ts'
import type { ActionContext } from '@runbook-actions/shared/action/run.ts'
import { explained } from '@runbook-actions/shared/errors.ts'
import type { Forge } from '@runbook-actions/shared/github/forge.ts'
import type { DeploymentRecord } from '@runbook-actions/shared/record/schema.ts'
import { isLastEnvironment } from '@runbook-actions/shared/runbook/environments.ts'
import type { Runbook } from '@runbook-actions/shared/runbook/schema.ts'

type Context = Pick<ActionContext<unknown, never>, 'log' | 'signal' | 'redact'>

/** How long one edit of the ticket may take: the next look must not wait for a slow forge. */
const patienceMs = 10_000

/**
 * Brings the deployment's ticket up to date while it is watched. Nothing where there is no token or no ticket, and where a
 * version is only tried: the ticket tells of production. What goes wrong is said once, and never stops a watch.
 */
export function tellTicket(
  forge: Forge | undefined,
  runbook: Runbook,
  { log, signal, redact }: Context,
): (record: DeploymentRecord) => Promise<void> {
  let said = ''
  return async (record) => {
    if (forge === undefined || record.ticket === undefined) return
    if (!isLastEnvironment(runbook, record.environment)) return
    const timed = AbortSignal.any([signal, AbortSignal.timeout(patienceMs)])
    try {
      await keepTicket({ record }, runbook, { forge, log, signal: timed, redact })
    } catch (error) {
      const reason = explained(error)
      if (!signal.aborted && reason !== said) log.warn(`The ticket is not up to date: ${reason}`)
      said = reason
    }
  }
}
