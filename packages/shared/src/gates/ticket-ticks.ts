import { whoTicked, type Tick } from '../decide/ticks.ts'
import { UserError } from '../errors.ts'
import type { Forge } from '../github/forge.ts'
import { ticketKeyOf } from '../github/ticket-key.ts'
import { noteOf, readTasks, type ChecklistLine } from '../record/checklist.ts'
import type { DeploymentRecord } from '../record/schema.ts'
import type { Runbook } from '../runbook/schema.ts'

/** What the ticket says of one line. */
export interface AnsweredLine {
  readonly line: ChecklistLine
  readonly tick: Tick
  /** What a person has written behind it. */
  readonly note: string
}

/**
 * Reads lines of the ticket's checklist, with who ticked each of them and when.
 *
 * @throws UserError where there is no ticket
 */
export async function ticketTicks(
  lines: readonly ChecklistLine[],
  { record, runbook }: { readonly record: DeploymentRecord; readonly runbook: Runbook },
  forge: Forge,
  signal: AbortSignal,
): Promise<{ readonly ticket: number; readonly answers: readonly AnsweredLine[] }> {
  const ticket = await forge.findTicket(ticketKeyOf(record, runbook), signal)
  if (ticket === undefined) {
    throw new UserError(
      'There is no ticket in which a person could tick anything.',
      'See why the job "Ticket" could not open one: it needs "issues: write", and a repository with issues.',
    )
  }
  const tasks = readTasks(ticket.body)
  // Who it was is asked only where somebody has ticked something.
  const isAnyTicked = lines.some(({ key }) => tasks.get(key)?.isTicked === true)
  const versions = isAnyTicked ? await forge.ticketVersions(ticket.number, signal) : []
  const seen = versions.map((version) => ({ ...version, tasks: readTasks(version.body) }))
  return {
    ticket: ticket.number,
    answers: lines.map((line) => {
      const task = tasks.get(line.key)
      const history = seen.map(({ tasks: then, at, by, isPerson }) => ({
        isTicked: then.get(line.key)?.isTicked ?? false,
        at,
        by,
        isPerson,
      }))
      return {
        line,
        tick: whoTicked(task?.isTicked ?? false, history),
        note: task === undefined ? '' : noteOf(task, line.text),
      }
    }),
  }
}
