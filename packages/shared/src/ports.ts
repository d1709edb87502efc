/** The time, as a port: tests and rehearsals own it. */
export interface Clock {
  now(): Date
}

/**
 * Where progress goes. What is passed may come from outside (pod logs, annotations, API messages):
 * the adapter sanitises every line before it reaches the runner.
 */
export interface Logger {
  debug(message: string): void
  info(message: string): void
  warn(message: string): void
  error(message: string): void
  /** Prints what others wrote (pod logs, output of tools), as it is. */
  external(text: string): void
  /** Runs `work` inside a foldable section of the log. */
  group<T>(title: string, work: () => Promise<T>): Promise<T>
}

export const systemClock: Clock = { now: () => new Date() }

/** A log that nobody reads. */
export const silent: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  external: () => undefined,
  group: (_, work) => work(),
}
