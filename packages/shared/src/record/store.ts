import type { DeploymentRecord, KnownGood } from './schema.ts'

/** What an environment remembers: its latest deployment, and the release that was last shown to be good. */
export interface Memory {
  readonly latest: DeploymentRecord | undefined
  readonly knownGood: KnownGood | undefined
}

/**
 * Where an environment's record lives while it is deployed to: in its own cluster, so that a rollback needs nothing
 * else. One place per pipeline and environment.
 */
export interface RecordStore {
  /** Both undefined before the first deployment. */
  load(signal?: AbortSignal): Promise<Memory>
  /**
   * Saves the record as the latest. A record of another deployment that was saved since `load` is never overwritten.
   *
   * @throws UserError naming the other deployment
   */
  save(record: DeploymentRecord, signal?: AbortSignal): Promise<void>
  /**
   * Saves the record and marks what it deployed as known good, in one write: a process that dies leaves both or neither.
   *
   * @throws UserError as `save`
   */
  saveGood(record: DeploymentRecord, good: KnownGood, signal?: AbortSignal): Promise<void>
}
