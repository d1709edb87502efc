import type { Migration } from '@runbook-actions/shared/record/migration.ts'
import type { Target } from './target.ts'

/** Whether old code may run on the schema as it is now. */
export type SchemaDecision =
  | { readonly do: 'go-on'; readonly why: string | undefined }
  | { readonly do: 'freeze'; readonly reason: string; readonly next: string }

export interface SchemaQuestion {
  readonly target: Pick<Target, 'version' | 'what'>
  /** The migrations since the target. */
  readonly crossed: readonly Migration[]
  /** Releases of which the team has declared that the code right before them runs on their schema. */
  readonly declared: readonly string[]
  /** Why a person goes on although nothing shows it. */
  readonly override: string | undefined
}

/**
 * Going back leaves the database as it is. The old code may run on it only where that was shown: by staging, or by the
 * team's own word for that release; and only for the code that was right before the migration, because nothing was shown of
 * any older one. Else nothing is written, and a person chooses: code that does not know the schema may not start, or may
 * destroy what it reads.
 */
export function schemaDecision({ target, crossed, declared, override }: SchemaQuestion): SchemaDecision {
  if (crossed.length === 0) return { do: 'go-on', why: undefined }
  const open = crossed.filter((migration) => !isShown(migration, target.version, declared))
  if (open.length === 0) {
    return { do: 'go-on', why: crossed.map((migration) => shown(migration)).join(' ') }
  }
  const changes = open.map(changeOf).join('; ')
  if (override !== undefined) {
    return { do: 'go-on', why: `Not shown to run on the schema (${changes}), and gone on with: ${override}` }
  }
  return {
    do: 'freeze',
    reason: `Nothing was written: ${target.what} was not shown to run on the schema of the database, which has changed since (${changes}).`,
    next: 'Choose: mend forward by a hotfix; or take the migration back by its tool, or make sure that the old code runs on the new schema, then run the rollback again with schema-override and the reason.',
  }
}

function isShown(
  { version, before, proven }: Migration,
  target: string | undefined,
  declared: readonly string[],
): boolean {
  return target !== undefined && before === target && (proven !== undefined || declared.includes(version))
}

function shown(migration: Migration): string {
  const how = migration.proven ?? 'the runbook file declares it backward-compatible.'
  return `The schema stays as it is (${changeOf(migration)}): ${how}`
}

/** `v1.1.0: from 1a2b to 3c4d`. */
function changeOf({ version, from, to, endedAt }: Migration): string {
  const heads = `${from === undefined ? '' : `from ${from} `}to ${to}`
  return `${version}: ${heads}${endedAt === undefined ? ', whose end is not known' : ''}`
}
