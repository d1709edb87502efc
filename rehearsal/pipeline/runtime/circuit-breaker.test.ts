import { beforeEach, describe, expect, it } from '@jest/globals'
import { KafkaJSError } from 'kafkajs'
import { CircuitBreaker } from './circuit-breaker.ts'

describe('CircuitBreaker', () => {
  let now: number
  let states: number[]
  let breaker: CircuitBreaker
  /** Time only passes in pauses. */
  const pause = (ms: number): Promise<void> => {
    now += ms
    return Promise.resolve()
  }
  const succeed = () => breaker.run(() => Promise.resolve('done'), pause)
  const fail = () => breaker.run(() => Promise.reject(new Error('503')), pause)

  beforeEach(() => {
    now = 0
    states = []
    const gauge = { set: (value: number) => states.push(value) }
    breaker = new CircuitBreaker({ failures: 3, openMs: 1000, gauge, now: () => now })
  })

  const failTimes = async (times: number): Promise<void> => {
    for (let count = 0; count < times; count += 1) await expect(fail()).rejects.toThrow('503')
  }

  it('opens after so many failures in a row, and not before', async () => {
    await failTimes(2)
    await succeed()
    await failTimes(2)
    expect(states.at(-1)).toBe(0)
    await failTimes(1)
    expect(states.at(-1)).toBe(2)
  })

  it('holds calls up while it is open, then tries one and closes', async () => {
    await failTimes(3)
    expect(await succeed()).toBe('done')
    expect(now).toBe(1000)
    expect(states.slice(-3)).toEqual([2, 1, 0])
  })

  it('opens again where the trial fails', async () => {
    await failTimes(4)
    expect(states.slice(-3)).toEqual([2, 1, 2])
    expect(now).toBe(1000)
    await succeed()
    expect(now).toBe(2000)
  })

  it('tries with one call only', async () => {
    await failTimes(3)
    now = 1000
    const trial = Promise.withResolvers<string>()
    const trying = breaker.run(() => trial.promise, pause)
    let calls = 0
    const other = breaker.run(
      () => {
        calls += 1
        return Promise.resolve()
      },
      async (ms) => {
        expect(calls).toBe(0)
        trial.resolve('done')
        await trying
        await pause(ms)
      },
    )
    await other
    expect(calls).toBe(1)
  })

  it('is not closed and not kept open by a trial that says nothing', async () => {
    await failTimes(3)
    now = 1000
    const letGo = new KafkaJSError('the group is rebalancing')
    await expect(breaker.run(() => Promise.reject(letGo), pause)).rejects.toBe(letGo)
    expect(states.at(-1)).toBe(2)
    await succeed()
    expect([now, states.at(-1)]).toEqual([1000, 0])
  })
})
