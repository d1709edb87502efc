import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { groupLag } from '../decide/group-lag.ts'
import { lagPoint } from '../decide/lag-trend.ts'
import { UserError } from '../errors.ts'
import type { RangeSeries } from '../metrics/prometheus-api.ts'
import { partLabel } from '../metrics/promql.ts'
import type { ExporterNames, ExporterPart } from './exporter-query.ts'
import { exporterReadings } from './exporter-readings.ts'

const names: ExporterNames = {
  lag: { name: 'kafka_consumergroup_lag', labels: {} },
  committed: { name: 'kafka_consumergroup_current_offset', labels: {} },
  members: { name: 'kafka_consumergroup_members', labels: {} },
  labels: { group: 'consumergroup', topic: 'topic', partition: 'partition' },
}
const grid = [0, 30_000, 60_000, 90_000]
const memoryMs = 60_000

/** A series with a value at each step of the grid; undefined is a gap. */
function series(
  part: ExporterPart,
  values: readonly (number | undefined)[],
  labels: Readonly<Record<string, string>> = { topic: 'events', partition: '0' },
): RangeSeries {
  const own = part === 'members' ? {} : labels
  return {
    labels: { [partLabel]: part, consumergroup: 'worker', ...own },
    values: new Map(
      values.flatMap((value, step) => (value === undefined ? [] : [[grid[step] ?? 0, value] as const])),
    ),
  }
}

const read = (...given: RangeSeries[]) => exporterReadings('worker', given, names, grid, memoryMs)

describe('exporterReadings', () => {
  it('is one reading for each scrape, with what the exporter cannot tell left open', () => {
    expect(
      read(
        series('lag', [3, 5, 0, 0]),
        series('committed', [10, 12, 20, 20]),
        series('members', [2, 2, 2, 0]),
      ),
    ).toEqual([
      expect.objectContaining({ group: 'worker', at: 0, members: 2, state: 'unknown' }),
      expect.objectContaining({ at: 30_000 }),
      expect.objectContaining({ at: 60_000 }),
      {
        group: 'worker',
        at: 90_000,
        protocol: 'unknown',
        state: 'empty',
        members: 0,
        membership: undefined,
        partitions: [
          { topic: 'events', partition: 0, committed: 20, logStart: undefined, logEnd: 20, owned: undefined },
        ],
        unread: [],
      },
    ])
  })

  it('does not take a partition that was never committed for one without lag', () => {
    const [reading] = read(series('lag', [-1]), series('committed', [-1]))
    expect(groupLag(reading!)).toMatchObject({ total: 0, partitions: [], uncommitted: [{ partition: 0 }] })
    expect(lagPoint(reading!)).toBeUndefined()
  })

  it('does not take numbers of different moments for a log that was cut off', () => {
    const [reading] = read(series('lag', [-2]), series('committed', [10]))
    expect(groupLag(reading!)).toMatchObject({ total: 0, truncated: [] })
  })

  it('calls a partition unread that falls silent, and forgets it later', () => {
    const other = { topic: 'events', partition: '1' }
    const readings = exporterReadings(
      'worker',
      [
        series('lag', [1, 1, 1, 1]),
        series('committed', [1, 1, 1, 1]),
        series('lag', [7], other),
        series('committed', [7], other),
      ],
      names,
      grid,
      memoryMs,
    )
    expect(readings.map(({ unread }) => unread)).toEqual([
      [],
      [{ topic: 'events', partition: 1, why: 'no value since 00:00:00 UTC' }],
      [{ topic: 'events', partition: 1, why: 'no value since 00:00:00 UTC' }],
      [],
    ])
  })

  it('calls a partition unread whose committed offset is not told', () => {
    const [reading] = read(series('lag', [7]))
    expect(reading).toMatchObject({
      partitions: [],
      unread: [
        { topic: 'events', partition: 0, why: 'Prometheus has no kafka_consumergroup_current_offset of it' },
      ],
    })
  })

  it('has no reading of a scrape that told nothing, and none of another group', () => {
    expect(
      read(series('lag', [1, undefined, 1]), series('committed', [1, 1, 1])).map(({ at }) => at),
    ).toEqual([0, 60_000])
    expect(exporterReadings('other', [series('lag', [1])], names, grid, memoryMs)).toEqual([])
  })

  it.each([
    [{ topic: 'events' }, 'has no label "partition" that names a partition'],
    [{ topic: 'events', partition: 'all' }, 'has no label "partition" that names a partition'],
    [{ partition: '0' }, 'has no label "topic" that names a topic'],
  ])('says which label is missing: %j', (labels, problem) => {
    const reading = () => read(series('lag', [1], labels))
    expect(reading).toThrow(UserError)
    expect(reading).toThrow(problem)
  })

  it('sums up to what the exporter says, whatever it says', () => {
    const lags = fc.array(fc.integer({ min: 0, max: 1_000_000 }), { minLength: 1, maxLength: 30 })
    fc.assert(
      fc.property(lags, fc.integer({ min: 0, max: 1_000_000_000 }), (values, committed) => {
        const all = values.flatMap((value, partition) => {
          const labels = { topic: 'events', partition: String(partition) }
          return [series('lag', [value], labels), series('committed', [committed], labels)]
        })
        const [reading] = read(...all)
        expect(groupLag(reading!).total).toBe(values.reduce((sum, value) => sum + value, 0))
      }),
    )
  })
})
