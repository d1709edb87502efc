import type { Cluster } from '../cluster/cluster.ts'
import type { Forge } from '../github/forge.ts'
import type { ConsumerLag } from '../kafka/consumer-lag.ts'
import type { Alerts } from '../metrics/alerts.ts'
import type { Dashboards } from '../metrics/dashboards.ts'
import type { Metrics } from '../metrics/metrics.ts'
import type { Clock } from '../ports.ts'
import type { ImageRegistry } from '../registry/image-registry.ts'
import type { Command } from '../runbook/schema.ts'

/** The files of the release, as they are checked out. */
export interface ReleaseFiles {
  /**
   * @param path relative to the root of the repository
   * @throws UserError where it cannot be read
   */
  read(path: string): Promise<string>
}

/** How a command of the team has ended, and what it said. */
export type CommandEnd =
  | { readonly how: 'exited'; readonly code: number; readonly said: CommandOutput }
  /** By a signal that is not ours, such as SIGKILL where memory ran out. */
  | { readonly how: 'killed'; readonly by: string; readonly said: CommandOutput }
  | { readonly how: 'timed-out'; readonly said: CommandOutput }

/** Without what is known to be secret. */
export interface CommandOutput {
  /** Standard output; undefined where there was more than 64 KiB of it. */
  readonly stdout: string | undefined
  /** The last lines of both outputs. */
  readonly lines: readonly string[]
}

/** Runs programs of the team, in the release as it is checked out. */
export interface Commands {
  /**
   * Nothing of it runs any more when this returns or rejects.
   *
   * @param facts environment variables that say which deployment it is
   * @throws UserError where it cannot be started; the signal's reason when that ends it
   */
  run(command: Command, facts: Readonly<Record<string, string>>, signal: AbortSignal): Promise<CommandEnd>
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
  readonly dashboards: Dashboards
  readonly registry: ImageRegistry
  /** Undefined in a terminal, and in a job without a token. */
  readonly forge: Forge | undefined
  readonly files: ReleaseFiles
  readonly commands: Commands
  readonly clock: Clock
}
