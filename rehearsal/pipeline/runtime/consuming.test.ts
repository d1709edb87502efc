import { EventEmitter } from 'node:events'
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals'
import type { Consumer } from 'kafkajs'
import { Kafka, KafkaJSError } from 'kafkajs'
import { keepConsuming, type Consuming } from './consuming.ts'

const { events } = new Kafka({ brokers: ['unused:9092'] }).consumer({ groupId: 'unused' })

describe('keepConsuming', () => {
  let emitter: EventEmitter
  let stopping: AbortController
  let consuming: Consuming
  let calls: string[]
  /** What the next calls throw, in their order. */
  let failures: Error[]
  let ran: PromiseWithResolvers<undefined>

  const crash = (error: Error, restart = false) => emitter.emit(events.CRASH, { payload: { error, restart } })
  const call = (name: string): Promise<void> => {
    calls.push(name)
    const failure = failures.shift()
    if (failure !== undefined) return Promise.reject(failure)
    if (name === 'run') ran.resolve(undefined)
    return Promise.resolve()
  }

  beforeEach(() => {
    emitter = new EventEmitter()
    stopping = new AbortController()
    calls = []
    failures = []
    ran = Promise.withResolvers()
    jest.spyOn(process.stdout, 'write').mockReturnValue(true)
    const on = emitter.on.bind(emitter) as unknown as Consumer['on']
    consuming = keepConsuming(
      { on, events, connect: () => call('connect') },
      { run: () => call('run'), signal: stopping.signal, pauseMs: 1 },
    )
  })
  afterEach(() => {
    stopping.abort()
    jest.restoreAllMocks()
  })

  const brokerAway = new KafkaJSError('Failed to find group coordinator', { retriable: false })

  it('consumes again after an error of the broker, as often as it takes', async () => {
    emitter.emit(events.GROUP_JOIN)
    await consuming.joined
    failures = [brokerAway, brokerAway]
    crash(brokerAway)
    await ran.promise
    expect(calls).toEqual(['connect', 'connect', 'connect', 'run'])
  })

  it('leaves to kafkajs what it restarts by itself', async () => {
    emitter.emit(events.GROUP_JOIN)
    crash(brokerAway, true)
    crash(brokerAway)
    await ran.promise
    expect(calls).toEqual(['connect', 'run'])
  })

  it('ends with an error of the broker before it was in its group', async () => {
    crash(brokerAway)
    await expect(consuming.crashed).rejects.toBe(brokerAway)
    expect(calls).toEqual([])
  })

  it('ends with any other error', async () => {
    emitter.emit(events.GROUP_JOIN)
    const bug = new TypeError('undefined is not a function')
    crash(bug)
    await expect(consuming.crashed).rejects.toBe(bug)
  })

  it('ends with an error of ours while it tries', async () => {
    emitter.emit(events.GROUP_JOIN)
    const bug = new TypeError('undefined is not a function')
    failures = [bug]
    crash(brokerAway)
    await expect(consuming.crashed).rejects.toBe(bug)
  })
})
