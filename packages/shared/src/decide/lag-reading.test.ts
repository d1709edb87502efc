import { describe, expect, it } from '@jest/globals'
import { groupLag } from './group-lag.ts'
import { partitionOf, readingOf } from './group-reading.fixture.ts'
import type { GroupReading } from './group-reading.ts'
import { judgeReading, type ReadingLimits } from './lag-reading.ts'

const limits: ReadingLimits = {
  max: 5_000,
  completeness: 0.8,
  uncommitted: 'ignore',
  afterRollout: false,
  maySleep: false,
}
const judge = (reading: GroupReading, more: Partial<ReadingLimits> = {}) => {
  const { kind, verdict, sentence } = judgeReading(reading, groupLag(reading), { ...limits, ...more })
  return [kind, verdict, sentence.replace('xact-download-worker', 'GROUP')] as const
}
const withoutMembers = { members: 0, state: 'empty' } as const
const unread = [{ topic: 'events', partition: 9, why: 'it has no leader at the moment' }]

describe('judgeReading', () => {
  it.each<[string, GroupReading, Partial<ReadingLimits>, readonly [string, string, string]]>([
    ['little lag', readingOf([3, 4]), {}, ['below', 'pass', 'GROUP is 7 messages behind.']],
    [
      'exactly the limit, which it must stay below',
      readingOf([3, 4]),
      { max: 7 },
      ['above', 'fail', 'GROUP is 7 messages behind, with a limit of 7.'],
    ],
    ['one below the limit', readingOf([3, 4]), { max: 8 }, ['below', 'pass', 'GROUP is 7 messages behind.']],
    [
      'a share group',
      readingOf([], { protocol: 'share', members: undefined }),
      {},
      ['share-group', 'unknown', 'GROUP is a share group: the lag of share groups is not supported.'],
    ],
    [
      'too few partitions read, whatever their lag',
      readingOf([9_000, 0, 0], { unread }),
      {},
      [
        'incomplete',
        'unknown',
        'GROUP: only 75 % of the partitions could be read (it has no leader at the moment).',
      ],
    ],
    [
      'just enough partitions read',
      readingOf([1, 0, 0, 0], { unread }),
      {},
      ['below', 'pass', 'GROUP is 1 message behind.'],
    ],
    [
      'a log that ends before what was committed',
      readingOf([], { partitions: [partitionOf({ committed: 120, logEnd: 100 })] }),
      {},
      [
        'truncated',
        'fail',
        'GROUP has committed beyond the end of 1 partition: the log was cut off or the topic was made anew, and where the group goes on is not what it has read last.',
      ],
    ],
    [
      'retention ahead of the group',
      readingOf([], {
        partitions: [partitionOf({ committed: 10, logStart: 30 }), partitionOf({ partition: 1 })],
      }),
      {},
      ['lost', 'fail', 'Retention has deleted 20 messages of 1 partition before GROUP read them.'],
    ],
    [
      'a group that does not exist, before its first deployment',
      readingOf([], { state: 'dead', members: undefined, protocol: 'unknown' }),
      {},
      [
        'never-committed',
        'warn',
        'The consumer group GROUP does not exist: it has no lag that could be measured.',
      ],
    ],
    [
      'the same after a rollout that should have made it',
      readingOf([], { state: 'dead', members: undefined, protocol: 'unknown' }),
      { afterRollout: true },
      [
        'never-committed',
        'inconclusive',
        'The consumer group GROUP does not exist: it has no lag that could be measured.',
      ],
    ],
    [
      'members and not one commit',
      readingOf([undefined, undefined]),
      { afterRollout: true },
      [
        'never-committed',
        'inconclusive',
        'The consumer group GROUP has never committed an offset: it has no lag that could be measured.',
      ],
    ],
    [
      'not one commit, where the team takes that for a failure',
      readingOf([undefined]),
      { uncommitted: 'fail' },
      [
        'never-committed',
        'fail',
        'The consumer group GROUP has never committed an offset: it has no lag that could be measured.',
      ],
    ],
    [
      'some partitions without a commit',
      readingOf([1, undefined]),
      {},
      ['below', 'pass', 'GROUP is 1 message behind.'],
    ],
    [
      'the same, where the team takes that for a failure',
      readingOf([1, undefined]),
      { uncommitted: 'fail' },
      ['uncommitted', 'fail', 'GROUP has never committed an offset of 1 partition.'],
    ],
    [
      'nobody reads what waits',
      readingOf([12], withoutMembers),
      {},
      ['no-members', 'fail', 'GROUP has no members: nobody reads the 12 messages that wait.'],
    ],
    [
      'nobody reads, and nothing waits',
      readingOf([0], withoutMembers),
      {},
      ['idle', 'inconclusive', 'GROUP has no members, and nothing waits: nothing has been shown.'],
    ],
    [
      'asleep as it may, and nothing waits',
      readingOf([0], withoutMembers),
      { maySleep: true },
      ['idle', 'skipped', 'GROUP is asleep: it has no members, and nothing waits.'],
    ],
    [
      'asleep as it may, with little to be woken by',
      readingOf([12], withoutMembers),
      { maySleep: true },
      ['below', 'pass', 'GROUP is 12 messages behind.'],
    ],
    [
      'asleep although much waits',
      readingOf([12], withoutMembers),
      { maySleep: true, max: 12 },
      ['above', 'fail', 'GROUP is 12 messages behind, with a limit of 12.'],
    ],
    [
      'members that the source cannot tell',
      readingOf([12], { members: undefined, state: 'unknown' }),
      {},
      ['below', 'pass', 'GROUP is 12 messages behind.'],
    ],
  ])('%s', (_, reading, more, expected) => {
    expect(judge(reading, more)).toEqual(expected)
  })
})
