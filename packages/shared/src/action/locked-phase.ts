import { LockEnded, LockRefused, underLock, whileLocked, type Lock } from '../cluster/lock.ts'
import { noOtherDeployment } from '../gates/no-other-deployment.ts'
import type { GateResult } from '../record/gate-result.ts'
import type { beginPhase } from '../record/phase-timer.ts'
import type { DeploymentRecord } from '../record/schema.ts'
import type { RecordStore } from '../record/store.ts'
import type { PhaseResult } from './phase.ts'

/** What a phase works with while the environment's lock is its own. */
export interface Locked {
  /** Saves only while the lock is ours. */
  readonly store: RecordStore
  /** Aborts when the run is cancelled, and with a LockEnded when the lock has ended. */
  readonly signal: AbortSignal
  /** Throws where the lock has ended; call it right before each write of a Deployment. */
  readonly checkWrite: () => void
}

interface Ports {
  readonly lock: Lock
  readonly store: RecordStore
  readonly signal: AbortSignal
}

interface Ends {
  /** Whether nothing follows and nothing is half-way: the lock is given back. Else it is kept for the next job. */
  readonly isOver: (result: PhaseResult) => boolean
  /** What becomes of the phase where the lock is refused, or ends in the middle of it. */
  readonly stopped: (error: LockRefused | LockEnded) => PhaseResult | Promise<PhaseResult>
}

/**
 * A phase under its environment's lock, which is kept also where the phase throws: what is half-way is left to nobody
 * else.
 *
 * @throws what `work` throws beside the end of the lock
 */
export async function lockedPhase(
  { lock, store, signal }: Ports,
  work: (locked: Locked) => Promise<PhaseResult>,
  { isOver, stopped }: Ends,
): Promise<PhaseResult> {
  try {
    return await whileLocked(
      lock,
      signal,
      (held, either) => {
        const checkWrite = (): void => {
          held.checkWrite()
        }
        return work({ store: underLock(store, held), signal: either, checkWrite })
      },
      isOver,
    )
  } catch (error) {
    if (error instanceof LockRefused || error instanceof LockEnded) return stopped(error)
    throw error
  }
}

/** How a phase ends for its lock: `blocked` before it began, `cancelled` in the middle. Not saved: the record is another's. */
export function endedByLock(
  phase: ReturnType<typeof beginPhase>,
  record: DeploymentRecord,
  error: LockRefused | LockEnded,
) {
  const isRefused = error instanceof LockRefused
  const outcome = isRefused ? ('blocked' as const) : ('cancelled' as const)
  const { message: reason, next } = error
  // The same answer as where it is only looked at, so that whoever tells how the environment stands knows of the other run.
  const gates = isRefused ? [otherDeployment(error, phase)] : []
  return {
    outcome,
    reason,
    ...(next !== undefined && { next }),
    record: phase.end(record, { outcome, reason, gates }),
  }
}

function otherDeployment(
  { message: answer, next }: LockRefused,
  { startedAt }: ReturnType<typeof beginPhase>,
): GateResult {
  const { name: gate, question } = noOtherDeployment
  const evidence = next === undefined ? [] : [next]
  return { gate, question, verdict: 'fail', answer, evidence, at: startedAt.toISOString(), tookMs: 0 }
}
