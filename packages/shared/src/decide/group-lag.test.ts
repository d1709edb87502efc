import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { counted, groupLag, messages } from './group-lag.ts'
import { partitionOf, readingOf } from './group-reading.fixture.ts'

describe('groupLag', () => {
  it('sums over the partitions with a committed offset, most lag first', () => {
    const { total, partitions, uncommitted, completeness } = groupLag(readingOf([3, undefined, 40, 0]))
    expect(total).toBe(43)
    expect(partitions.map(({ partition, lag }) => [partition, lag])).toEqual([
      [2, 40],
      [0, 3],
      [3, 0],
    ])
    expect(uncommitted.map(({ partition }) => partition)).toEqual([1])
    expect(completeness).toBe(1)
  })

  it('tells what retention deleted before it was read, and counts it as the command line tool does', () => {
    const reading = readingOf([], {
      partitions: [
        partitionOf({ partition: 0, committed: 10, logStart: 30, logEnd: 100 }),
        partitionOf({ partition: 1, committed: 30, logStart: 30, logEnd: 100 }),
        partitionOf({ partition: 2, committed: 10, logStart: undefined, logEnd: 100 }),
      ],
    })
    expect(groupLag(reading)).toMatchObject({
      total: 90 + 70 + 90,
      lost: [{ topic: 'events', partition: 0, messages: 20, lag: 90 }],
      truncated: [],
    })
  })

  it('takes a commit beyond the end of the log for neither lag nor loss', () => {
    const cutOff = partitionOf({ committed: 120, logStart: 130, logEnd: 100 })
    expect(groupLag(readingOf([], { partitions: [cutOff] }))).toMatchObject({
      total: 0,
      lost: [],
      truncated: [cutOff],
    })
  })

  it.each([
    [4, 0, 1],
    [3, 1, 0.75],
    [0, 2, 0],
    [0, 0, 1],
  ])('is complete where all of %i and %i partitions were read: %f', (read, unread, completeness) => {
    const lags = Array.from({ length: read }, () => 0)
    const failed = Array.from({ length: unread }, (_, partition) => ({ topic: 'x', partition, why: 'gone' }))
    expect(groupLag(readingOf(lags, { unread: failed })).completeness).toBe(completeness)
  })

  it('is never negative, and the sum of its partitions', () => {
    const offset = fc.nat(10_000)
    const partition = fc.record({
      committed: fc.option(offset, { nil: undefined }),
      logStart: offset,
      logEnd: offset,
    })
    fc.assert(
      fc.property(fc.array(partition), (given) => {
        const partitions = given.map((each, at) => partitionOf({ ...each, partition: at }))
        const lag = groupLag(readingOf([], { partitions }))
        expect(lag.partitions.every((each) => each.lag >= 0)).toBe(true)
        expect(lag.total).toBe(lag.partitions.reduce((sum, each) => sum + each.lag, 0))
        expect(lag.partitions.length + lag.uncommitted.length).toBe(partitions.length)
      }),
    )
  })
})

describe('the words for numbers', () => {
  it.each([
    [0, '0 messages'],
    [1, '1 message'],
    [1234567, '1,234,567 messages'],
    [2.6, '3 messages'],
  ])('%f', (number, text) => {
    expect(messages(number)).toBe(text)
  })

  it('counts anything', () => {
    expect(counted(1, 'partition')).toBe('1 partition')
    expect(counted(12, 'partition')).toBe('12 partitions')
  })
})
