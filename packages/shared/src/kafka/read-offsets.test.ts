import { describe, expect, it } from '@jest/globals'
import type { GroupReading, PartitionLag } from '../decide/group-reading.ts'
import { UserError } from '../errors.ts'
import { offsetsOf, readOffsets } from './read-offsets.ts'

const at = Date.parse('2026-11-23T10:00:00Z')
const consumers = new Map([['workers', ['download-worker']]])
const { signal } = new AbortController()

function partition(topic: string, id: number, committed?: number): PartitionLag {
  return { topic, partition: id, committed, logStart: 0, logEnd: 100, owned: true }
}
function readingOf(more: Partial<GroupReading>): GroupReading {
  const told = { protocol: 'classic', state: 'stable', members: 1, membership: 'm' } as const
  return { group: 'workers', at, ...told, partitions: [], unread: [], ...more }
}

describe('offsetsOf', () => {
  it('tells a partition that was never committed from one that could not be read', () => {
    const reading = readingOf({
      partitions: [partition('events', 1), partition('events', 0, 7), partition('files', 0, 3)],
      unread: [{ topic: 'events', partition: 2, why: 'it has no leader at the moment' }],
    })
    expect(offsetsOf(reading, ['download-worker'])).toEqual({
      group: 'workers',
      deployments: ['download-worker'],
      at: '2026-11-23T10:00:00.000Z',
      topics: { events: [[0, 7], [1, -1], [2, null]], files: [[0, 3]] }, // prettier-ignore
    })
  })

  it('keeps what can be no topic out: it would come into a command', () => {
    const reading = readingOf({ partitions: [partition('a\nEND\nrm -rf x', 0, 7)] })
    expect(offsetsOf(reading, []).topics).toEqual({})
  })
})

describe('readOffsets', () => {
  const from = (read: () => Promise<ReadonlyMap<string, GroupReading>>) => ({
    source: 'kafka at b-1:9092',
    read,
  })

  it('asks nobody where no component has a group', async () => {
    const refuse = from(() => Promise.reject(new Error('asked')))
    expect(await readOffsets(new Map(), refuse, 10_000, signal)).toEqual({
      source: 'kafka at b-1:9092',
      groups: [],
      notRead: [],
    })
  })

  it.each([
    ['an error', () => Promise.reject(new UserError('no permission')), 'no permission'],
    ['a group that is not told', () => Promise.resolve(new Map()), 'the source does not tell of it.'],
  ])('says why nothing is known: %s', async (_, read, why) => {
    const { groups, notRead } = await readOffsets(consumers, from(read), 10_000, signal)
    expect([groups, notRead]).toEqual([[], [{ group: 'workers', why }]])
  })

  it('gives up after its time, and rejects where it is cancelled', async () => {
    const never = {
      source: 'kafka at b-1:9092',
      read: (_: readonly string[], stop: AbortSignal) =>
        new Promise<never>((__, reject) => {
          stop.addEventListener('abort', () => {
            reject(stop.reason instanceof Error ? stop.reason : new Error('aborted'))
          })
        }),
    }
    expect((await readOffsets(consumers, never, 20, signal)).notRead).toEqual([
      { group: 'workers', why: 'no answer within 0.02 s' },
    ])
    const controller = new AbortController()
    const reading = readOffsets(consumers, never, 10_000, controller.signal)
    controller.abort(new Error('cancelled by SIGINT'))
    await expect(reading).rejects.toThrow('cancelled by SIGINT')
  })
})
