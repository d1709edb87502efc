import { z } from 'zod'

/** What one version does wrong in one environment; nothing, if empty. */
const faults = z.strictObject({
  /** Prints this on standard error and ends with status 1, `crashAfterMs` after the start. */
  crash: z.string().min(1).optional(),
  crashAfterMs: z.number().int().nonnegative().optional(),
  /** Works, but never says that it is ready. */
  unready: z.boolean().optional(),
  /** The share of messages whose processing fails, 0 to 1. */
  errorRate: z.number().min(0).max(1).optional(),
  /** A line that it logs as an error when it starts. */
  logError: z.string().min(1).optional(),
  /** Lines that it prints when it starts, as they are: what a service logs can look like anything. */
  logs: z.array(z.string().min(1)).min(1).optional(),
  /** Waits so long before it connects to Kafka. */
  slowStartMs: z.number().int().nonnegative().optional(),
})

/** The content of an image's `faults.json`: faults by namespace; `*` is every namespace not named. */
export const faultsFile = z.record(z.string().min(1), faults)

export type Faults = z.infer<typeof faults>
export type FaultsFile = z.infer<typeof faultsFile>

/** The faults that hold in `namespace`: its own entry alone if there is one, else that of `*`. */
export function faultsIn(file: FaultsFile, namespace: string): Faults {
  return file[namespace] ?? file['*'] ?? {}
}

/**
 * Says of each message in turn whether it fails. Failures are spread evenly and not by chance: of the first n messages,
 * n × rate fail, within one.
 */
export function failureShare(rate: number): () => boolean {
  let owed = 0
  return () => {
    owed += rate
    if (owed < 1) return false
    owed -= 1
    return true
  }
}
