import type { BadRelease, History, Release } from './release.ts'
import type { DeploymentRecord, KnownGood } from './schema.ts'

/** What an environment remembers: its latest deployment, and the release that was last shown to be good. */
export interface Memory {
  readonly latest: DeploymentRecord | undefined
  readonly knownGood: KnownGood | undefined
}

/** What a rollback makes of the memory. */
export interface RollbackEnd {
  /** What runs now; absent where it could not be got back, and what was good before stays so. */
  readonly good: KnownGood | undefined
  /** What must not be deployed again without a reason; absent where nothing was taken back. */
  readonly bad: BadRelease | undefined
}

/**
 * Where an environment's record lives while it is deployed to: in its own cluster, so that a rollback needs nothing
 * else. One place per pipeline and environment.
 */
export interface RecordStore {
  /** Both undefined before the first deployment. */
  load(signal?: AbortSignal): Promise<Memory>
  /** What there is to go back to, as it was last read; read now where nothing was. */
  history(signal?: AbortSignal): Promise<History>
  /**
   * Saves the record as the latest. A record of another deployment that was saved since `load` is never overwritten.
   *
   * @throws UserError naming the other deployment
   */
  save(record: DeploymentRecord, signal?: AbortSignal): Promise<void>
  /**
   * Saves the record and marks what it deployed as known good, with all that is needed to get back to it, in one write: a
   * process that dies leaves both or neither. The runbook file is the store's own, the migrations are the record's.
   *
   * @throws UserError as `save`
   */
  saveGood(
    record: DeploymentRecord,
    release: Omit<Release, 'runbook' | 'migrations'>,
    signal?: AbortSignal,
  ): Promise<void>
  /**
   * Saves how a rollback ended, in one write with what is known good from now on and what is not.
   *
   * @throws UserError as `save`
   */
  saveRollback(record: DeploymentRecord, end: RollbackEnd, signal?: AbortSignal): Promise<void>
}
