import { describe, expect, it } from '@jest/globals'
import { recordOf } from '@runbook-actions/shared/record/record.fixture.ts'
import type { History, Release } from '@runbook-actions/shared/record/release.ts'
import type { KnownGood } from '@runbook-actions/shared/record/schema.ts'
import type { Snapshot } from '@runbook-actions/shared/record/snapshot.ts'
import type { Memory } from '@runbook-actions/shared/record/store.ts'
import { parseTarget, recordedTarget } from './target.ts'

const idOf = (version: string, run = 1): string => `kafka-pipeline/production/${version}/${run}-1`

function snapshotAt(at: string): Snapshot {
  return { at, deployments: [], configMaps: [], secrets: [] }
}

function goodOf(version: string | undefined): KnownGood {
  return {
    recordId: idOf(version ?? 'adopted'),
    at: '2026-11-20T10:00:00.000Z',
    components: [],
    ...(version !== undefined && { version, commit: 'c0ffee' }),
  }
}

function releaseOf(version: string, runbook?: string): Release {
  return {
    good: goodOf(version),
    state: snapshotAt(`2026-11-01T10:00:00.000Z`),
    ...(runbook !== undefined && { runbook }),
  }
}

const history: History = {
  releases: [releaseOf('v1.1.0', 'of v1.1.0'), releaseOf('v1.0.1-hotfix'), releaseOf('v1.0.0', 'of v1.0.0')],
  bad: [],
  runbook: 'of the latest',
}
const young = snapshotAt('2026-11-23T10:00:00.000Z')

/** v1.2.0 came over v1.1.0, and is not good yet. */
const memory: Memory = {
  latest: recordOf({ id: idOf('v1.2.0', 2), version: 'v1.2.0', from: goodOf('v1.1.0'), snapshot: young }),
  knownGood: goodOf('v1.1.0'),
}

describe('parseTarget', () => {
  it.each([
    ['known-good', { kind: 'known-good' }],
    ['v1.2.2', { kind: 'release', version: 'v1.2.2' }],
    ['v1.2.2-prod', { kind: 'release', version: 'v1.2.2' }],
    ['v1.2.4-hotfix', { kind: 'release', version: 'v1.2.4-hotfix' }],
    ['revision:12', { kind: 'revision', revision: 12 }],
    ['before', { kind: 'before', recordId: undefined }],
    ['before:a/b/v1/1-1', { kind: 'before', recordId: 'a/b/v1/1-1' }],
  ])('%s', (text, wish) => {
    expect(parseTarget(text)).toEqual(wish)
  })

  it.each(['', 'good', '1.2.2', 'v1.2', 'revision:0', 'revision:-1', 'revision:x', 'before:', 'latest'])(
    'refuses "%s" and says what can be named',
    (text) => {
      expect(() => parseTarget(text)).toThrow(
        expect.objectContaining({
          next: expect.stringContaining('known-good') as unknown,
        }),
      )
    },
  )
})

describe('recordedTarget', () => {
  it('goes back to the last known good: its youngest state, the runbook file of its own time', () => {
    expect(recordedTarget({ kind: 'known-good' }, memory, history)).toMatchObject({
      what: 'the last known good release, v1.1.0',
      version: 'v1.1.0',
      recordId: idOf('v1.1.0'),
      state: young,
      runbook: 'of v1.1.0',
    })
  })

  it('goes from bad over bad to good: what ran right before is no target', () => {
    const bad = recordOf({
      id: idOf('v1.3.0', 3),
      version: 'v1.3.0',
      from: goodOf('v1.1.0'),
      snapshot: young,
    })
    const target = recordedTarget({ kind: 'known-good' }, { ...memory, latest: bad }, history)
    expect([target.version, target.state]).toEqual(['v1.1.0', young])
  })

  it('takes the recorded state where the latest deployment is the good one itself, or came from elsewhere', () => {
    const itself = { ...memory, latest: recordOf({ id: idOf('v1.1.0'), version: 'v1.1.0', snapshot: young }) }
    const elsewhere = {
      ...memory,
      latest: recordOf({ id: idOf('v1.2.0'), from: goodOf('v0.9.0'), snapshot: young }),
    }
    for (const given of [itself, elsewhere]) {
      expect(recordedTarget({ kind: 'known-good' }, given, history)).toMatchObject({
        version: 'v1.1.0',
        state: history.releases[0]?.state,
      })
    }
  })

  it('goes back to what the very first deployment found', () => {
    const { from: _, ...first } = recordOf({ snapshot: young })
    expect(
      recordedTarget(
        { kind: 'known-good' },
        { latest: first, knownGood: undefined },
        { releases: [], bad: [], runbook: undefined },
      ),
    ).toMatchObject({ what: 'what ran before v1.1.0', version: undefined, state: young })
  })

  it.each([
    ['v1.0.0', 'v1.0.0'],
    ['v1.0.1', 'v1.0.1-hotfix'],
    ['v1.0.1-hotfix', 'v1.0.1-hotfix'],
  ])('finds the release %s', (version, found) => {
    expect(recordedTarget({ kind: 'release', version }, memory, history).version).toBe(found)
  })

  it('finds what ran before a deployment', () => {
    expect(recordedTarget({ kind: 'before', recordId: undefined }, memory, history).state).toBe(young)
    expect(recordedTarget({ kind: 'before', recordId: idOf('v1.1.0') }, memory, history).version).toBe(
      'v1.0.1-hotfix',
    )
  })

  it.each<[string, Parameters<typeof recordedTarget>, RegExp, RegExp]>([
    [
      'a release that was never good',
      [{ kind: 'release', version: 'v1.2.0' }, memory, history],
      /v1\.2\.0 is not recorded/,
      /v1\.1\.0, v1\.0\.1-hotfix, v1\.0\.0/,
    ],
    [
      'nothing recorded',
      [
        { kind: 'known-good' },
        { latest: undefined, knownGood: undefined },
        { releases: [], bad: [], runbook: undefined },
      ],
      /Nothing is recorded/,
      /kubectl rollout history/,
    ],
    [
      'before the oldest',
      [{ kind: 'before', recordId: idOf('v1.0.0') }, memory, history],
      /is not recorded/,
      /v1\.1\.0/,
    ],
    [
      'a good release of an older version of the suite',
      [
        { kind: 'known-good' },
        { latest: recordOf({ id: idOf('v1.1.0') }), knownGood: goodOf('v1.1.0') },
        { releases: [], bad: [], runbook: undefined },
      ],
      /without its state/,
      /revision/,
    ],
  ])('says what there is instead: %s', (_, given, message, next) => {
    expect(() => recordedTarget(...given)).toThrow(message)
    expect(() => recordedTarget(...given)).toThrow(
      expect.objectContaining({ next: expect.stringMatching(next) as unknown }),
    )
  })
})
