import { checkInvariants } from './invariants.ts'
import type { Found } from './observe.ts'
import type { Deployed, Stage } from './scenario.ts'
import { checkTicket } from './ticket.ts'
import { checkRed, checkSkipped, checkUntouched } from './untouched.ts'

/** How a release is kept away from production. */
export interface Blocked {
  /** The phase that blocks it. */
  readonly at: 'preflight' | 'approve'
  /** What the error says. */
  readonly reason: RegExp
  /** What the ticket says, so that whoever opens it knows what to do. */
  readonly ticketSays: readonly string[]
}

/** Jobs that do not run after a phase that blocks. */
const after = {
  preflight: ['Approval', 'Production', 'Watch'],
  approve: ['Production', 'Watch'],
} as const

/**
 * The release was blocked for the reason that it must have: production is what it was `before`, and the ticket tells.
 */
export async function checkBlocked(
  stage: Stage,
  deployed: Deployed,
  before: Readonly<Record<string, Found>>,
  { at, reason, ticketSays }: Blocked,
): Promise<void> {
  await checkRed(stage, deployed, reason)
  await checkSkipped(stage, deployed, after[at])
  await checkUntouched(stage, before)
  await checkTicket(stage, {
    state: 'open',
    firstLine: new RegExp(`^## 🟥 production is unchanged: v1\\.1\\.0 is blocked at ${at}$`),
    label: 'deployment-blocked',
    says: ticketSays,
  })
  await checkInvariants(stage, deployed)
}
