import type { Issue } from '../github/state/issues.ts'
import { equal, says } from './checks.ts'
import type { Stage } from './scenario.ts'

/** How the ticket of a deployment must look at its end. */
export interface WantedTicket {
  readonly state: 'open' | 'closed' | 'reopened'
  /** Of the first line, which says how production stands. */
  readonly firstLine: RegExp
  /** The label that says how it ended, where that was not well. */
  readonly label?: string
  readonly says?: readonly string[]
}

/** There is one ticket, and it says how the deployment ended. */
export async function checkTicket({ world, checks }: Stage, wanted: WantedTicket): Promise<void> {
  const tickets = deploymentIssues(world.github.state.issues.list())
  await checks.that('there is one ticket', () => equal(tickets.length, 1))
  const ticket = tickets[0]
  const body = ticket?.body ?? ''
  await checks.that(`the ticket is ${wanted.state}`, () =>
    equal(
      [ticket?.state, ticket?.stateReason],
      { open: ['open', null], closed: ['closed', 'completed'], reopened: ['open', 'reopened'] }[wanted.state],
    ),
  )
  await checks.that('its first line says how production stands', () =>
    says(body.split('\n', 1)[0] ?? '', wanted.firstLine),
  )
  await checks.that('its labels say how it ended', () =>
    equal(
      ticket?.labels.map(({ name }) => name),
      ['deployment', ...(wanted.label === undefined ? [] : [wanted.label])],
    ),
  )
  for (const text of wanted.says ?? []) {
    await checks.that(`the ticket says "${text}"`, () => says(body, text))
  }
}

/** The number of the one ticket, as log and tag name it. */
export function ticketNumber({ world }: Stage): number | undefined {
  return deploymentIssues(world.github.state.issues.list())[0]?.number
}

function deploymentIssues(issues: readonly Issue[]): Issue[] {
  return issues.filter((issue) => !issue.isPull && issue.labels.some(({ name }) => name === 'deployment'))
}
