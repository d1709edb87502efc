import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { Migration } from '@runbook-actions/shared/record/migration.ts'
import { schemaDecision, type SchemaQuestion } from './schema-gate.ts'

const startedAt = '2026-11-23T10:00:00.000Z'
const migration: Migration = {
  version: 'v1.1.0',
  before: 'v1.0.0',
  from: '1a2b',
  to: '3c4d',
  startedAt,
  endedAt: '2026-11-23T10:01:00.000Z',
}
const proven = 'v1.0.0 passed its gates on it in staging.'

function decide(given: Partial<SchemaQuestion> = {}) {
  const target = { version: 'v1.0.0', what: 'the last known good release, v1.0.0' }
  return schemaDecision({ target, crossed: [migration], declared: [], override: undefined, ...given })
}

describe('schemaDecision', () => {
  it.each<[string, Partial<SchemaQuestion>, 'go-on' | 'freeze']>([
    ['there was no migration', { crossed: [] }, 'go-on'],
    ['nothing was shown', {}, 'freeze'],
    ['staging has shown it', { crossed: [{ ...migration, proven }] }, 'go-on'],
    ['the team has declared it', { declared: ['v1.1.0'] }, 'go-on'],
    ['another release was declared', { declared: ['v1.0.0', 'v1.2.0'] }, 'freeze'],
    [
      'it was shown, of other code than that of the target',
      { crossed: [{ ...migration, before: 'v1.0.1', proven }] },
      'freeze',
    ],
    [
      'what ran before has no version',
      { target: { version: undefined, what: 'revision 3' }, declared: ['v1.1.0'] },
      'freeze',
    ],
    [
      'one of two was not shown',
      {
        crossed: [
          { ...migration, proven },
          { ...migration, version: 'v1.2.0' },
        ],
      },
      'freeze',
    ],
    ['a person goes on', { override: 'the new column is nullable' }, 'go-on'],
  ])('%s', (_, given, what) => {
    expect(decide(given).do).toBe(what)
  })

  it('says what has changed, and how to choose', () => {
    expect(decide()).toEqual({
      do: 'freeze',
      reason:
        'Nothing was written: the last known good release, v1.0.0 was not shown to run on the schema of the database, which has changed since (v1.1.0: from 1a2b to 3c4d).',
      next: expect.stringContaining('schema-override'),
    })
    const { endedAt: _, from: __, ...open } = migration
    expect(decide({ crossed: [open] })).toMatchObject({
      reason: expect.stringContaining('(v1.1.0: to 3c4d, whose end is not known)'),
    })
  })

  it('says why it goes on', () => {
    expect(decide({ crossed: [{ ...migration, proven }] })).toEqual({
      do: 'go-on',
      why: `The schema stays as it is (v1.1.0: from 1a2b to 3c4d): ${proven}`,
    })
    expect(decide({ override: 'tried by hand' })).toEqual({
      do: 'go-on',
      why: 'Not shown to run on the schema (v1.1.0: from 1a2b to 3c4d), and gone on with: tried by hand',
    })
  })

  it('never goes on over a migration of which nothing is shown, whatever else is', () => {
    const versions = fc.constantFrom('v1.0.0', 'v1.1.0', 'v1.2.0')
    const some = fc.record({
      version: versions,
      before: versions,
      proven: fc.option(fc.constant(proven), { nil: undefined }),
    })
    fc.assert(
      fc.property(fc.array(some), fc.array(versions), versions, (made, declared, version) => {
        const crossed = made.map(({ proven: how, ...each }) => ({
          ...migration,
          ...each,
          ...(how !== undefined && { proven: how }),
        }))
        const decision = decide({ crossed, declared, target: { version, what: version } })
        const isSafe = crossed.every(
          (each) => each.before === version && (each.proven !== undefined || declared.includes(each.version)),
        )
        expect(decision.do).toBe(isSafe ? 'go-on' : 'freeze')
      }),
    )
  })
})
