import { z } from 'zod'

const milliseconds = z.number().int().nonnegative()
const share = z.number().min(0).max(1)

/**
 * A fault that holds from the start, given as its value alone; or as `{ value, afterMs }` only from `afterMs`
 * milliseconds after the start on, so that a release is good at first.
 */
function timed<T extends z.ZodType>(value: T) {
  return z.union([
    z.strictObject({ value, afterMs: milliseconds }),
    value.transform((plain) => ({ value: plain, afterMs: 0 })),
  ])
}

/** What one version does wrong in one environment; nothing, if empty. */
const faults = z.strictObject({
  /** A line that it logs as an error when it starts. */
  logError: z.string().min(1).optional(),
  /** Lines that it prints when it starts, as they are: what a service logs can look like anything. */
  logs: z.array(z.string().min(1)).min(1).optional(),
  /** Waits so long before it connects to Kafka. */
  slowStartMs: milliseconds.optional(),
  /** Prints this on standard error and ends with status 1. */
  crash: timed(z.string().min(1)).optional(),
  /** Works, but does not say that it is ready. */
  unready: timed(z.literal(true)).optional(),
  /** The share of messages, 0 to 1, that fail for good: without retries and dead letters. */
  errorRate: timed(share).optional(),
  /** The share of messages, 0 to 1, that fail at first and succeed when they are tried again. */
  retryRate: timed(share).optional(),
  /** The share of messages, 0 to 1, that fail whenever they are tried and end as dead letters. */
  dlqRate: timed(share).optional(),
  /** Every upload is refused, which opens the breaker (download-worker). */
  breakerOpens: timed(z.literal(true)).optional(),
  /** An upload takes so long (download-worker). */
  uploadLatencyMs: timed(milliseconds).optional(),
  /** A message takes so much longer: fewer are consumed than produced, and lag grows. */
  slowMs: timed(milliseconds).optional(),
  /** Consumes nothing, though it is healthy and in its group. */
  silent: timed(z.literal(true)).optional(),
})

/** The content of an image's `faults.json`: faults by namespace; `*` is every namespace not named. */
export const faultsFile = z.record(z.string().min(1), faults)

export type Faults = z.output<typeof faults>
/** As it is written, where a timed fault may be its value alone. */
export type FaultsFile = z.input<typeof faultsFile>
/** As it is read. */
export type FaultsByNamespace = z.output<typeof faultsFile>

/** The faults that hold in `namespace`: its own entry alone if there is one, else that of `*`. */
export function faultsIn(file: FaultsByNamespace, namespace: string): Faults {
  return file[namespace] ?? file['*'] ?? {}
}

/** The faults that can begin after the start. */
type TimedFaults = {
  [Name in keyof Faults as NonNullable<Faults[Name]> extends { afterMs: number } ? Name : never]: NonNullable<
    Faults[Name]
  > extends { value: infer Value }
    ? Value
    : never
}

/** Which of the timed faults hold now. Its time begins when it is made. */
export class FaultClock {
  readonly #faults: Faults
  readonly #now: () => number
  readonly #began: number

  constructor(faults: Faults, now: () => number = () => performance.now()) {
    this.#faults = faults
    this.#now = now
    this.#began = now()
  }

  /** The fault's value while it holds; undefined where there is none, and before its time. */
  value<Name extends keyof TimedFaults>(name: Name): TimedFaults[Name] | undefined {
    const fault = this.#faults[name] as { value: TimedFaults[Name]; afterMs: number } | undefined
    if (fault === undefined || this.#now() - this.#began < fault.afterMs) return undefined
    return fault.value
  }
}

/**
 * Says of each message in turn whether it is hit by a fault with the share that `rate` gives at the time. The messages
 * are spread evenly and not by chance: of the first n messages, n × rate are hit, within one.
 */
export function evenShare(rate: () => number): () => boolean {
  let owed = 0
  return () => {
    owed += rate()
    if (owed < 1) return false
    owed -= 1
    return true
  }
}
