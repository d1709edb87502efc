import { messageOf } from '../../errors.ts'

/** Reading that may not take long, and of which no part hides another. */
export interface CappedReading {
  /** Aborts with the given signal, and when the time is over. */
  readonly signal: AbortSignal
  /**
   * Why a part could not be read.
   *
   * @throws the given signal's reason, where that is aborted
   */
  whyNot(error: unknown): string
}

export function cappedReading(signal: AbortSignal, withinMs: number): CappedReading {
  const stop = AbortSignal.any([signal, AbortSignal.timeout(withinMs)])
  return {
    signal: stop,
    whyNot(error) {
      signal.throwIfAborted()
      return stop.aborted ? `no answer within ${withinMs / 1000} s` : messageOf(error)
    },
  }
}
