/** The process would end although the work has not. */
export class NothingLeft extends Error {
  override readonly name = 'NothingLeft'

  constructor() {
    super('it waits for something that cannot happen any more')
  }
}

/** What can go wrong beside the work that is awaited. */
export interface StrayFailures {
  /** Rejects at the first one; never fulfils. */
  readonly failure: Promise<never>
  /** From now on they go to `late` instead: the work has ended, and its result stands. */
  ignore(late: (error: unknown) => void): void
}

/**
 * Catches errors that no one awaits (an event of a socket, a forgotten promise), and a process that has nothing left
 * to wait for although its work is not done. Node would print the first raw, with whatever secrets it holds, and end
 * green on the second.
 */
export function catchStrays(source: NodeJS.Process): StrayFailures {
  const { promise, reject } = Promise.withResolvers<never>()
  let onError: (error: unknown) => void = reject
  const drained = (): void => {
    reject(new NothingLeft())
  }
  source.on('uncaughtException', (error) => {
    onError(error)
  })
  source.on('unhandledRejection', (error) => {
    onError(error)
  })
  source.once('beforeExit', drained)
  return {
    failure: promise,
    ignore(late) {
      onError = late
      source.off('beforeExit', drained)
    },
  }
}

/**
 * Lets the work outlive whoever reads what it prints: a lost runner closes the pipes. Printing then fails, and to print
 * about that would fail again, for ever. There is nobody left to tell; what was done stands in the record.
 */
export function outliveReaders({ stdout, stderr }: Pick<NodeJS.Process, 'stdout' | 'stderr'>): void {
  for (const stream of [stdout, stderr]) stream.on('error', () => undefined)
}
