import * as z from 'zod'
import { migrationSchema } from './migration.ts'
import { knownGoodSchema } from './schema.ts'
import { snapshotSchema } from './snapshot.ts'

/** A release that was shown to be good, with all that is needed to get back to it. */
export const releaseSchema = z.strictObject({
  good: knownGoodSchema,
  /** The release set as it stood when it was called good. */
  state: snapshotSchema,
  /** The text of the runbook file that it was deployed and judged by; absent where it was not recorded. */
  runbook: z.string().optional(),
  /** What it has changed in the database's schema; absent where nothing. */
  migrations: z.array(migrationSchema).optional(),
})

/** A release that was rolled back: deploying it again needs a reason. */
export const badReleaseSchema = z.strictObject({
  version: z.string(),
  recordId: z.string(),
  reason: z.string(),
  by: z.string(),
  at: z.iso.datetime(),
})

export type Release = z.infer<typeof releaseSchema>
export type BadRelease = z.infer<typeof badReleaseSchema>

/** What an environment remembers beyond its latest deployment. */
export interface History {
  /** Releases that were good, the newest first. */
  readonly releases: readonly Release[]
  /** Releases that were rolled back, the newest first. */
  readonly bad: readonly BadRelease[]
  /** The text of the runbook file of the latest deployment. */
  readonly runbook: string | undefined
}

/** Releases that are kept to go back to, and marks that are kept: a team that goes back further builds anew. */
const kept = 10

/** The releases with one more: another attempt at the same version takes the place of the one before. */
export function withRelease(releases: readonly Release[], release: Release): Release[] {
  const others = releases.filter(
    ({ good }) => good.recordId !== release.good.recordId && good.version !== release.good.version,
  )
  return [release, ...others].slice(0, kept)
}

/** The marks with one more. */
export function withBad(bad: readonly BadRelease[], mark: BadRelease): BadRelease[] {
  return [mark, ...bad.filter(({ version }) => version !== mark.version)].slice(0, kept)
}

/** The marks without those of a version that is good after all. */
export function withoutBad(bad: readonly BadRelease[], version: string | undefined): BadRelease[] {
  return bad.filter((mark) => mark.version !== version)
}

/** The newest releases that fit into `limitBytes` of JSON; the newest one always stays. */
export function fitReleases(releases: readonly Release[], limitBytes: number): Release[] {
  for (let count = releases.length; count > 1; count -= 1) {
    const some = releases.slice(0, count)
    if (Buffer.byteLength(JSON.stringify(some)) <= limitBytes) return some
  }
  return releases.slice(0, 1)
}
