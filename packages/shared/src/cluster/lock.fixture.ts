// A lock in memory for tests of the phases: the test ends it, or refuses it.
import type { LockDecision } from '../decide/lock.ts'
import { LockEnded, LockRefused, type Held, type Lock } from './lock.ts'

export class FakeLock implements Lock {
  /** What was done, in its order. */
  readonly calls: string[] = []
  /** Where another run holds it: who. */
  refusal: string | undefined
  readonly #ending = new AbortController()

  look(): Promise<LockDecision> {
    this.calls.push('look')
    return Promise.resolve(
      this.refusal === undefined
        ? { do: 'take', state: {}, dead: undefined }
        : { do: 'refuse', reason: this.refusal, next: 'Wait.' },
    )
  }

  acquire(): Promise<Held> {
    if (this.refusal !== undefined) return Promise.reject(new LockRefused(this.refusal, 'Wait.'))
    this.calls.push('acquire')
    const { signal } = this.#ending
    const leave = (how: string) => (): Promise<void> => {
      this.calls.push(how)
      return Promise.resolve()
    }
    return Promise.resolve({
      signal,
      checkWrite: () => {
        signal.throwIfAborted()
      },
      handOver: leave('hand over'),
      release: leave('release'),
    })
  }

  end(why: LockEnded['why']): void {
    this.#ending.abort(new LockEnded(why, why === 'asked' ? 'olga asked for the lock' : 'run 2 has the lock'))
  }
}
