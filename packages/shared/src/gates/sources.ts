import type { Cluster } from '../cluster/cluster.ts'
import type { Forge } from '../github/forge.ts'
import type { ConsumerLag } from '../kafka/consumer-lag.ts'
import type { Alerts } from '../metrics/alerts.ts'
import type { Metrics } from '../metrics/metrics.ts'
import type { Clock } from '../ports.ts'
import type { ImageRegistry } from '../registry/image-registry.ts'

/** The files of the release, as they are checked out. */
export interface ReleaseFiles {
  /**
   * @param path relative to the root of the repository
   * @throws UserError where it cannot be read
   */
  read(path: string): Promise<string>
}

/**
 * Where gates measure. One that cannot be reached, or that the runbook file does not describe, throws when it is asked,
 * so that only the gates that need it are `unknown`.
 */
export interface Sources {
  readonly cluster: Cluster
  readonly lag: ConsumerLag
  readonly metrics: Metrics
  readonly alerts: Alerts
  readonly registry: ImageRegistry
  /** Undefined in a terminal, and in a job without a token. */
  readonly forge: Forge | undefined
  readonly files: ReleaseFiles
  readonly clock: Clock
}
