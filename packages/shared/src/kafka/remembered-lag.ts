import type { GroupReading } from '../decide/group-reading.ts'
import type { Clock } from '../ports.ts'
import { consumerGroupsCommand, type ConsumerLag } from './consumer-lag.ts'

/** Two looks within this time are the same look: gates are asked side by side. */
const sameLookMs = 1_000

type Readings = ReadonlyMap<string, GroupReading>

/** Reads once, with requests of its own. */
export type ReadOnce = (groups: readonly string[], signal: AbortSignal) => Promise<Readings>

/** Lag of brokers, which know only the present: what was read in this process is its past. */
export class RememberedLag implements ConsumerLag {
  readonly source: string
  readonly #readOnce: ReadOnce
  readonly #clock: Clock
  readonly #closed = new AbortController()
  readonly #past: GroupReading[] = []
  #latest: { readonly key: string; readonly at: number; readonly reading: Promise<Readings> } | undefined

  constructor(source: string, readOnce: ReadOnce, clock: Clock) {
    this.source = source
    this.#readOnce = readOnce
    this.#clock = clock
  }

  async read(groups: readonly string[], signal: AbortSignal): Promise<Readings> {
    signal.throwIfAborted()
    const key = groups.toSorted().join('\n')
    const now = this.#clock.now().getTime()
    const shared = this.#latest
    const reading =
      shared?.key === key && now - shared.at < sameLookMs ? shared.reading : this.#begin(key, now, groups)
    return unlessAborted(reading, signal)
  }

  history(groups: readonly string[], since: Date): Promise<ReadonlyMap<string, readonly GroupReading[]>> {
    const kept = this.#past.filter(({ at }) => at >= since.getTime())
    return Promise.resolve(
      new Map(groups.map((group) => [group, kept.filter((reading) => reading.group === group)])),
    )
  }

  byHand(groups: readonly string[]): string {
    return consumerGroupsCommand(groups)
  }

  /** Ends a reading that nobody waits for any more. */
  close(): Promise<void> {
    this.#closed.abort(new Error('closed'))
    return Promise.resolve()
  }

  /** The reading belongs to all who ask for it: one of them that gives up does not end it for the others. */
  #begin(key: string, at: number, groups: readonly string[]): Promise<Readings> {
    const reading = this.#readOnce(groups, this.#closed.signal).then((read) => {
      // A source that reads by itself may give the same reading twice.
      const known = (reading: GroupReading): boolean =>
        this.#past.some(({ group, at: then }) => group === reading.group && then === reading.at)
      this.#past.push(...[...read.values()].filter((each) => !known(each)))
      return read
    })
    this.#latest = { key, at, reading }
    reading.catch(() => {
      // A failure is not worth sharing: whoever asks next tries again.
      if (this.#latest?.reading === reading) this.#latest = undefined
    })
    return reading
  }
}

async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'))
    }
    signal.addEventListener('abort', abort, { once: true })
    work.then(resolve, reject).finally(() => {
      signal.removeEventListener('abort', abort)
    })
  })
}
