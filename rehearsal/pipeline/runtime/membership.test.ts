import { EventEmitter } from 'node:events'
import { beforeEach, describe, expect, it } from '@jest/globals'
import type { Consumer, ConsumerEvents } from 'kafkajs'
import { Kafka } from 'kafkajs'
import { Membership } from './membership.ts'

const staleAfterMs = 12_000
const { events } = new Kafka({ brokers: ['unused:9092'] }).consumer({ groupId: 'unused' })

describe('Membership', () => {
  let emitter: EventEmitter
  let nowMs: number
  let membership: Membership
  const happens = (event: ConsumerEvents[keyof ConsumerEvents]): boolean => emitter.emit(event)

  beforeEach(() => {
    emitter = new EventEmitter()
    nowMs = 1000
    membership = new Membership(staleAfterMs, () => nowMs)
    const on = emitter.on.bind(emitter) as unknown as Consumer['on']
    membership.follow({ on, events })
  })

  it('begins when the consumer has joined', () => {
    expect(membership.problem()).toBe('has not joined its consumer group')
    happens(events.GROUP_JOIN)
    expect(membership.problem()).toBeUndefined()
  })

  it('goes on with each heartbeat, and not without', () => {
    happens(events.GROUP_JOIN)
    nowMs += staleAfterMs
    happens(events.HEARTBEAT)
    nowMs += staleAfterMs
    expect(membership.problem()).toBeUndefined()
    nowMs += 1000
    expect(membership.problem()).toBe('has not heard from its consumer group for 13 s')
  })

  it.each([events.CRASH, events.STOP])('ends with %s until the consumer joins again', (ending) => {
    happens(events.GROUP_JOIN)
    happens(ending)
    expect(membership.problem()).toBe('has not joined its consumer group')
    happens(events.GROUP_JOIN)
    expect(membership.problem()).toBeUndefined()
  })
})
