import { messageOf } from '../errors.ts'
import type { Logger } from '../ports.ts'

/** How long it may take: a runner ends a cancelled process soon. */
const withinMs = 3_000

/** Saves how a phase ended, in spite of what ended it. What cannot be saved is said, and still handed on. */
export async function saveLast(
  save: (signal: AbortSignal) => Promise<void>,
  log: Pick<Logger, 'warn'>,
): Promise<void> {
  try {
    await save(AbortSignal.timeout(withinMs))
  } catch (error) {
    log.warn(`How it ended could not be saved in the cluster: ${messageOf(error)}`)
  }
}
