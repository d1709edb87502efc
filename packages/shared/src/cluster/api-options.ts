import type { Clock, Logger } from '../ports.ts'
import type { Environment } from './proxy.ts'
import type { RetryPolicy } from './retry.ts'

export interface ApiOptions {
  /** Every write is validated by the server and stored nowhere. */
  readonly dryRun?: boolean
  /** The name under which the server records our writes (`metadata.managedFields`). */
  readonly fieldManager: string
  readonly userAgent: string
  readonly log: Pick<Logger, 'debug' | 'info'>
  readonly clock?: Clock
  /** For HTTPS_PROXY and NO_PROXY. */
  readonly env: Environment
  readonly retry?: Partial<RetryPolicy>
}

export interface CallOptions {
  readonly signal?: AbortSignal | undefined
}

export interface ListOptions extends CallOptions {
  readonly labelSelector?: string | undefined
  readonly fieldSelector?: string | undefined
  /** Objects per request. */
  readonly pageSize?: number | undefined
}

export interface ApplyOptions extends CallOptions {
  /** Takes over fields that other managers own, instead of a conflict. */
  readonly force?: boolean | undefined
  /** Only this call: the server says what would be, and stores nothing. */
  readonly dryRun?: boolean | undefined
}

export interface DeleteOptions extends CallOptions {
  /** Deletes only this very object, not one of the same name made since. */
  readonly uid?: string | undefined
  readonly resourceVersion?: string | undefined
  readonly propagation?: 'Background' | 'Foreground' | 'Orphan' | undefined
}

export interface LogOptions extends CallOptions {
  readonly container?: string | undefined
  /** Of the run before the last restart. */
  readonly previous?: boolean | undefined
  readonly tailLines?: number | undefined
  readonly limitBytes?: number | undefined
  readonly timestamps?: boolean | undefined
}

export interface PodGetOptions extends CallOptions {
  /** For everything together; 10 s. */
  readonly timeoutMs?: number | undefined
  /** The body is cut there; 1 MiB. */
  readonly maxBytes?: number | undefined
}

export interface PodExecOptions extends CallOptions {
  /** From the beginning to the end of the program; 10 s. */
  readonly timeoutMs?: number | undefined
  /** Of its standard output; more is an error; 1 MiB. */
  readonly maxBytes?: number | undefined
}

export interface AccessOptions extends CallOptions {
  readonly name?: string | undefined
  /** `log` of `pods/log`, `proxy`, `scale`, … */
  readonly subresource?: string | undefined
}
