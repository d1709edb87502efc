import type { Task } from '../record/checklist.ts'
import type { DeploymentRecord } from '../record/schema.ts'

/** What a ticket tells. */
export interface TicketStory {
  readonly record: DeploymentRecord
  /** Staging's own record, where it ended there. */
  readonly staging?: DeploymentRecord | undefined
  /** The job ended without a phase that says how. */
  readonly stopped?: 'failed' | 'cancelled' | undefined
  /** Nothing more will come, and it is good. */
  readonly isDone?: boolean
  /** The lines of the checklist as they stand in the ticket. */
  readonly tasks?: ReadonlyMap<string, Task>
}
