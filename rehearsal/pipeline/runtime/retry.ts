import { isLetGo, type Pause } from './pause.ts'

/** A message that will fail whenever it is tried. */
export class PermanentError extends Error {
  override readonly name = 'PermanentError'
}

export interface RetryOptions {
  /** How many times a failed attempt is repeated. */
  readonly limit: number
  /** The time before the first retry; it doubles with each. */
  readonly backOffMs: number
}

/** What became of the work on a message. */
export type Outcome<T> =
  | { readonly kind: 'done'; readonly value: T }
  /** It is of no use to try it again. */
  | { readonly kind: 'rejected'; readonly error: unknown }
  /** It failed as often as it may be tried. */
  | { readonly kind: 'exhausted'; readonly error: unknown }

/**
 * Tries `attempt` (its number counts from 1) until it succeeds, fails for good, or has been repeated `limit` times.
 * Throws only where the message is let go.
 */
export async function tryRepeatedly<T>(
  attempt: (number: number) => Promise<T>,
  { limit, backOffMs }: RetryOptions,
  { pause, repeated }: { pause: Pause; repeated: () => void },
): Promise<Outcome<T>> {
  for (let number = 1; ; number += 1) {
    try {
      return { kind: 'done', value: await attempt(number) }
    } catch (error) {
      if (isLetGo(error)) throw error
      if (error instanceof PermanentError) return { kind: 'rejected', error }
      if (number > limit) return { kind: 'exhausted', error }
    }
    await pause(backOffMs * 2 ** (number - 1))
    repeated()
  }
}
