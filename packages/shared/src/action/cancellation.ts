import type { EventEmitter } from 'node:events'

/** Why a signal was aborted: somebody cancelled the run. */
export class Cancelled extends Error {
  override readonly name = 'Cancelled'

  constructor(signalName: string) {
    super(`cancelled by ${signalName}`)
  }
}

export interface Cancellation {
  readonly signal: AbortSignal
  /** Aborts as a cancellation would, for another reason. */
  abort(reason: Error): void
  /** Gives the process its default behaviour back. */
  dispose(): void
}

const signalNames = ['SIGINT', 'SIGTERM'] as const

/**
 * Turns the first SIGINT or SIGTERM into an abort and does nothing else: the phase stops waiting, writes its record
 * and ends. The second ends the process, as the system does by default: a runner sends it 7.5 s after the first.
 */
export function cancelOnSignals(source: Pick<EventEmitter, 'on' | 'off'>): Cancellation {
  const controller = new AbortController()
  const dispose = (): void => {
    for (const name of signalNames) source.off(name, onSignal)
  }
  const onSignal = (name: string): void => {
    dispose()
    controller.abort(new Cancelled(name))
  }
  for (const name of signalNames) source.on(name, onSignal)
  return {
    signal: controller.signal,
    abort: (reason) => {
      controller.abort(reason)
    },
    dispose,
  }
}
