import type { Comparison, Forge } from '../github/forge.ts'
import type { DeploymentRecord } from '../record/schema.ts'

/**
 * What the release has that what runs has not; undefined where no record says what runs, or GitHub knows that commit no
 * more.
 */
export async function whatItBrings(
  { from, commit }: Pick<DeploymentRecord, 'from' | 'commit'>,
  forge: Forge,
  signal: AbortSignal,
): Promise<Comparison | undefined> {
  return from?.commit === undefined ? undefined : forge.commitsBetween(from.commit, commit, signal)
}

/** `1 commit`, `3 commits`. */
export function counted(count: number, what: string): string {
  return count === 1 ? `1 ${what}` : `${count} ${what}s`
}

/** The beginning of a commit's name, by which people know it. */
export function shortCommit(commit: string): string {
  return commit.slice(0, 7)
}
