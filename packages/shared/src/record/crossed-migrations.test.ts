import { describe, expect, it } from '@jest/globals'
import { crossedMigrations, inheritedMigrations } from './crossed-migrations.ts'
import type { Migration } from './migration.ts'
import type { Release } from './release.ts'

const at = '2026-11-23T10:00:00.000Z'
const migrationOf = (version: string): Migration => ({ version, to: `head of ${version}`, startedAt: at })
const state = { at, deployments: [], configMaps: [], secrets: [] }
const releaseOf = (version: string, migrations?: Migration[]): Release => ({
  good: { recordId: `of ${version}`, version, at, components: [] },
  state,
  ...(migrations && { migrations }),
})
const latest = { id: 'of v5', migrations: [migrationOf('v5')] }
const releases = [releaseOf('v3', [migrationOf('v3')]), releaseOf('v2'), releaseOf('v1', [migrationOf('v1')])]

describe('crossedMigrations', () => {
  it.each([
    ['of v3', ['v5']],
    ['of v2', ['v5', 'v3']],
    ['of v1', ['v5', 'v3']],
    ['of v5', []],
    ['nobody knows', ['v5', 'v3', 'v1']],
  ])('from what runs now to %s', (target, crossed) => {
    expect(crossedMigrations(target, latest, releases).map(({ version }) => version)).toEqual(crossed)
  })

  it('tells one that was taken over only once', () => {
    const again = { id: 'of v4', migrations: [migrationOf('v3')] }
    expect(crossedMigrations('of v2', again, releases)).toEqual([migrationOf('v3')])
  })
})

describe('inheritedMigrations', () => {
  it.each([
    ['one that never became good', latest, 'of v3', ['v5']],
    ['one that is good: its release remembers', latest, 'of v5', []],
    ['one without any', { id: 'of v5' }, 'of v3', []],
    ['none at all', undefined, undefined, []],
  ])('of %s', (_, before, good, inherited) => {
    expect(inheritedMigrations(before, good).map(({ version }) => version)).toEqual(inherited)
  })
})
