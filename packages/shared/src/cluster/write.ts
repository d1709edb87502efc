import { AmbiguousWrite, ApiError, isFailure, type Failure, type ReadBack } from './api-error.ts'
import type { ApiRequest } from './api-request.ts'
import { isTransient, wasNotExecuted, withRetries, type RetryPolicy } from './retry.ts'

/**
 * What makes a second try of the same write harmless.
 * - `repeatable`: done twice it is the same as once (apply, delete by uid, anything in a dry run).
 * - `new`: it creates an object with a name, and of two tries at most one can succeed.
 * - a resourceVersion: of two tries at most one can succeed.
 * - `once`: it could be done twice.
 */
export type Repeatability = 'repeatable' | 'new' | 'once' | { readonly resourceVersion: string }

interface WriteOptions<T> {
  readonly request: ApiRequest
  readonly repeatability: Repeatability
  readonly attempt: (remainingMs: number) => Promise<T>
  /** The object as it stands; undefined where it does not exist. Not given where it has no name yet. */
  readonly readBack?: (() => Promise<unknown>) | undefined
  /** The write's answer, where the object that was read back shows that it has been executed. */
  readonly answerFrom?: ((current: unknown) => Promise<T | undefined>) | undefined
  readonly policy: RetryPolicy
  readonly log: (message: string) => void
  readonly signal?: AbortSignal | undefined
}

/**
 * Sends a write so that it is never executed twice: tried again only when the server has certainly not executed
 * it, or when a second time is harmless.
 *
 * @throws AmbiguousWrite when it may have been executed, with the object as it stands; the caller decides
 */
export async function write<T>(options: WriteOptions<T>): Promise<T> {
  const { request, repeatability, policy, log, signal } = options
  const state: { mayRepeat: boolean; unclear?: ReadBack } = { mayRepeat: false }

  const attempt = async (remainingMs: number): Promise<T> => {
    state.mayRepeat = false
    try {
      return await options.attempt(remainingMs)
    } catch (failure) {
      if (!isFailure(failure)) throw failure
      const isHarmless = repeatability === 'repeatable' && isTransient(failure)
      if (isHarmless || wasNotExecuted(failure)) {
        state.mayRepeat = true
        throw failure
      }
      // A conflict after an unclear try may be that very try, arrived late.
      const mayBeOurs = state.unclear !== undefined && failure instanceof ApiError && failure.status === 409
      if (!isUnclear(failure) && !mayBeOurs) throw failure
      const found = await lookBack(options)
      if (mayBeOurs || !isUntouched(repeatability, found)) {
        const answer = found.result === 'found' ? await options.answerFrom?.(found.current) : undefined
        if (answer === undefined) throw new AmbiguousWrite(request, found, failure)
        log(
          `${request.method} ${request.path}: the answer was lost (${failure.message}), but it was executed`,
        )
        return answer
      }
      state.unclear = found
      state.mayRepeat = true
      throw failure
    }
  }

  try {
    return await withRetries(attempt, { policy, log, signal, isRetriable: () => state.mayRepeat })
  } catch (error) {
    if (state.unclear === undefined || !isFailure(error) || !state.mayRepeat) throw error
    throw new AmbiguousWrite(request, state.unclear, error)
  }
}

/** It may have been executed: the server failed in the middle, or was sent the request and not heard again. */
function isUnclear(failure: Failure): boolean {
  if (failure instanceof ApiError) return isTransient(failure)
  return !failure.wasNeverSent
}

async function lookBack({ readBack, request, log, signal }: WriteOptions<unknown>): Promise<ReadBack> {
  if (readBack === undefined) return { result: 'not-possible' }
  try {
    const current = await readBack()
    return current === undefined ? { result: 'absent' } : { result: 'found', current }
  } catch (error) {
    signal?.throwIfAborted()
    if (!isFailure(error)) throw error
    log(`${request.method} ${request.path}: reading back failed, too: ${error.message}`)
    return { result: 'failed' }
  }
}

function isUntouched(repeatability: Repeatability, { result, current }: ReadBack): boolean {
  if (repeatability === 'new') return result === 'absent'
  if (typeof repeatability === 'string') return false
  return resourceVersionOf(current) === repeatability.resourceVersion
}

/** `metadata.resourceVersion` of anything that has one. */
export function resourceVersionOf(object: unknown): string | undefined {
  if (typeof object !== 'object' || object === null || !('metadata' in object)) return undefined
  const { metadata } = object
  if (typeof metadata !== 'object' || metadata === null || !('resourceVersion' in metadata)) return undefined
  return typeof metadata.resourceVersion === 'string' && metadata.resourceVersion !== ''
    ? metadata.resourceVersion
    : undefined
}

/** The resourceVersion that a patch insists on: in its metadata, or as a `test` of a JSON patch. */
export function patchPrecondition(body: unknown): string | undefined {
  if (!Array.isArray(body)) return resourceVersionOf(body)
  const tests = body.filter(
    (operation: { op?: unknown; path?: unknown }) =>
      operation.op === 'test' && operation.path === '/metadata/resourceVersion',
  ) as { value?: unknown }[]
  return typeof tests[0]?.value === 'string' ? tests[0].value : undefined
}
