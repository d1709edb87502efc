import type { Migration } from './migration.ts'
import type { Release } from './release.ts'
import type { DeploymentRecord } from './schema.ts'

/**
 * The migrations between a recorded state and what runs now, the newest first: those of the latest deployment, and of
 * every release that was good since. Where it is not recorded which releases came after the state, it is all of them.
 *
 * @param targetId the record that the state belongs to
 */
export function crossedMigrations(
  targetId: string,
  latest: Pick<DeploymentRecord, 'id' | 'migrations'>,
  releases: readonly Release[],
): Migration[] {
  if (latest.id === targetId) return []
  const index = releases.findIndex(({ good }) => good.recordId === targetId)
  const since = index < 0 ? releases : releases.slice(0, index)
  const all = [...(latest.migrations ?? []), ...since.flatMap(({ migrations = [] }) => migrations)]
  return [...new Map(all.map((each) => [`${each.version} ${each.to}`, each])).values()]
}

/**
 * The migrations that a deployment takes over from the one before it: where that one never became good, nobody else
 * remembers that the schema is no longer the one of the last good release.
 */
export function inheritedMigrations(
  latest: Pick<DeploymentRecord, 'id' | 'migrations'> | undefined,
  knownGoodId: string | undefined,
): Migration[] {
  return latest === undefined || latest.id === knownGoodId ? [] : (latest.migrations ?? [])
}
