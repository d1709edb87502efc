import { describe, expect, it } from '@jest/globals'
import { readingOf } from '../decide/group-reading.fixture.ts'
import { RememberedLag, type ReadOnce } from './remembered-lag.ts'

const { signal } = new AbortController()
const group = 'xact-download-worker'

function lagOf(readOnce?: ReadOnce) {
  const time = { at: 0 }
  let reads = 0
  const clock = { now: () => new Date(time.at) }
  const source = new RememberedLag(
    'kafka at one:9092',
    readOnce ??
      ((groups) => {
        reads += 1
        return Promise.resolve(
          new Map(groups.map((name) => [name, readingOf([reads], { group: name, at: time.at })])),
        )
      }),
    clock,
  )
  return { source, time, reads: () => reads }
}

describe('RememberedLag', () => {
  it('reads once for those who ask at the same time, and again at the next look', async () => {
    const { source, time, reads } = lagOf()
    const [first, second] = await Promise.all([source.read([group], signal), source.read([group], signal)])
    expect(second.get(group)).toBe(first.get(group))
    expect(reads()).toBe(1)
    await source.read(['another'], signal)
    expect(reads()).toBe(2)
    time.at = 30_000
    await source.read([group], signal)
    expect(reads()).toBe(3)
  })

  it('remembers what it has read, from the time that is asked for', async () => {
    const { source, time } = lagOf()
    for (time.at of [0, 30_000, 60_000]) await source.read([group], signal)
    const past = await source.history([group, 'another'], new Date(30_000))
    expect(past.get(group)?.map(({ at }) => at)).toEqual([30_000, 60_000])
    expect(past.get('another')).toEqual([])
  })

  it('lets one who gives up go, and reads on for the others', async () => {
    const answer = Promise.withResolvers<undefined>()
    const { source } = lagOf(async (groups) => {
      await answer.promise
      return new Map(groups.map((name) => [name, readingOf([1], { group: name })]))
    })
    const impatient = new AbortController()
    const [given, kept] = [source.read([group], impatient.signal), source.read([group], signal)]
    impatient.abort(new Error('cancelled'))
    await expect(given).rejects.toThrow('cancelled')
    answer.resolve(undefined)
    expect((await kept).has(group)).toBe(true)
  })

  it('tries again after a failure', async () => {
    let fails = true
    const { source } = lagOf((groups) => {
      if (!fails) return Promise.resolve(new Map(groups.map((name) => [name, readingOf([1])])))
      fails = false
      return Promise.reject(new Error('no broker'))
    })
    await expect(source.read([group], signal)).rejects.toThrow('no broker')
    expect((await source.read([group], signal)).size).toBe(1)
  })

  it('ends what is still being read when it is closed', async () => {
    const { source } = lagOf(
      (_, closed) =>
        new Promise((__, reject) => {
          closed.addEventListener('abort', () => {
            reject(closed.reason as Error)
          })
        }),
    )
    const reading = expect(source.read([group], signal)).rejects.toThrow('closed')
    await source.close()
    await reading
  })
})
