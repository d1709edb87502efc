import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { committedIn, offsetReceipt, replayable } from './offset-receipt.ts'
import { offsetReceiptSchema, type GroupOffsets, type Offsets } from './offsets.ts'

const all = new Set(['download-worker', 'result-processor'])

function reading(
  topics: GroupOffsets['topics'],
  at = '2026-11-23T10:00:00.000Z',
  more: Partial<Offsets> = {},
): Offsets {
  const group = { group: 'workers', deployments: ['download-worker'], at, topics }
  return { source: 'kafka at b-1:9092', groups: [group], notRead: [], ...more }
}
const later = (topics: GroupOffsets['topics'], more: Partial<Offsets> = {}): Offsets =>
  reading(topics, '2026-11-23T10:05:00.000Z', more)

describe('offsetReceipt', () => {
  it.each<
    [string, [number, number | null][], [number, number | null][], [number, number, number][], string[]]
  >([
    ['moved on', [[0, 5]], [[0, 12]], [[0, 5, 12]], []],
    ['as it was', [[0, 5]], [[0, 5]], [], []],
    ['set back by somebody', [[0, 5]], [[0, 2]], [[0, 5, 2]], []],
    ['committed for the first time', [[0, -1]], [[0, 3]], [[0, -1, 3]], []],
    [
      'a partition that is new',
      [[0, 5]],
      [
        [0, 5],
        [1, 3],
      ],
      [[1, -1, 3]],
      [],
    ],
    ['still never committed', [[0, -1]], [], [], []],
    ['not read before', [[0, null]], [[0, 5]], [], ['events-0']],
    ['not read now', [[0, 5]], [[0, null]], [], ['events-0']],
    ['never readable', [[0, null]], [[0, null]], [], ['events-0']],
    ['an offset that has expired', [[0, 5]], [], [], ['events-0']],
  ])('tells a partition that is %s', (_, before, after, rows, unknown) => {
    const receipt = offsetReceipt(reading({ events: before }), later({ events: after }), all)
    expect(receipt.groups[0]?.topics).toEqual(rows.length === 0 ? {} : { events: rows })
    expect(receipt.notKnown).toEqual(unknown.map((name) => `workers: not known in both readings of ${name}.`))
  })

  it('has the times of both readings', () => {
    const [group] = offsetReceipt(reading({}), later({}), all).groups
    expect([group?.from, group?.until]).toEqual(['2026-11-23T10:00:00.000Z', '2026-11-23T10:05:00.000Z'])
  })

  it('leaves out groups whose consumers go on', () => {
    const receipt = offsetReceipt(
      reading({ events: [[0, 5]] }),
      later({ events: [[0, 9]] }),
      new Set(['result-processor']),
    )
    expect([receipt.groups, receipt.notKnown]).toEqual([[], []])
  })

  it('says what was not recorded or not read, and why', () => {
    const silent = { groups: [], notRead: [{ group: 'workers', why: 'no answer within 10 s' }] }
    expect(offsetReceipt(undefined, later({ events: [[0, 5]] }), all).notKnown).toEqual([
      'What was committed before the deployment is not recorded: there is nothing to compare with.',
    ])
    expect(offsetReceipt(reading({}, undefined, silent), later({}), all).notKnown).toEqual([
      'workers was not read before the deployment: no answer within 10 s',
    ])
    expect(offsetReceipt(reading({}), later({}, silent), all).notKnown).toEqual([
      'workers was not read now: no answer within 10 s',
    ])
  })

  it('names a few of many partitions that are not known', () => {
    const rows = Array.from({ length: 7 }, (_, partition): [number, null] => [partition, null])
    expect(offsetReceipt(reading({ events: rows }), later({ events: rows }), all).notKnown).toEqual([
      'workers: not known in both readings of events-0, events-1, events-2, events-3, events-4 and 2 more.',
    ])
  })

  it('brings every partition that it replays back to where it was, and loses none that moved on', () => {
    const offset = fc.option(fc.integer({ min: -1, max: 1_000 }))
    const rows = fc
      .uniqueArray(fc.nat({ max: 40 }), { maxLength: 30 })
      .chain((ids) => fc.tuple(...ids.map((id) => fc.tuple(fc.constant(id), offset))))
    const topics = fc.dictionary(fc.constantFrom('a', 'b', 'c'), rows)
    fc.assert(
      fc.property(topics, topics, (before, after) => {
        const receipt = offsetReceipt(reading(before), later(after), all)
        expect(offsetReceiptSchema.parse(receipt)).toEqual(receipt)
        const now = new Map(
          Object.entries(after).flatMap(([topic, each]) =>
            each.map(([id, to]) => [`${topic}-${id}`, to] as const),
          ),
        )
        const [group] = receipt.groups
        for (const { topic, partition, from } of replayable(group!)) now.set(`${topic}-${partition}`, from)
        const moved = new Set(committedIn(group!).map(({ topic, partition }) => `${topic}-${partition}`))
        for (const [topic, each] of Object.entries(before)) {
          for (const [id, from] of each) {
            const to = now.get(`${topic}-${id}`)
            if (from === null || from < 0 || to === null || to === undefined || to < 0) continue
            expect(to === from || (to < from && moved.has(`${topic}-${id}`))).toBe(true)
          }
        }
      }),
    )
  })
})
