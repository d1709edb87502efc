import { describe, expect, it } from '@jest/globals'
import { UserError } from '../errors.ts'
import { Cancelled } from './cancellation.ts'
import { failureOf, stackOf } from './failure.ts'

const live = new AbortController().signal
const cancelled = AbortSignal.abort(new Cancelled('SIGINT'))

describe('what an error means', () => {
  it('a user error says what to do', () => {
    expect(failureOf(new UserError('No such tag.', 'Push it.'), 'rollout', live)).toEqual({
      outcome: 'failed',
      reason: 'No such tag.',
      next: 'Push it.',
    })
  })

  it('anything else is a bug or an outage', () => {
    for (const thrown of [new TypeError('x is undefined'), 'x is undefined']) {
      expect(failureOf(thrown, 'rollout', live)).toMatchObject({
        outcome: 'failed',
        reason: 'rollout stopped because of a bug or an outage: x is undefined',
      })
    }
  })

  it.each([
    ['the reason itself', cancelled.reason],
    ['an error because of it', new Error('watch ended', { cause: cancelled.reason })],
    ["the platform's own", new DOMException('This operation was aborted', 'AbortError')],
  ])('%s is a cancellation', (_, error) => {
    expect(failureOf(error, 'rollout', cancelled)).toMatchObject({
      outcome: 'cancelled',
      reason: 'rollout was cancelled by SIGINT.',
    })
  })

  it('an error of its own is none, nor is an abort for another reason', () => {
    expect(failureOf(new UserError('No such tag.'), 'rollout', cancelled).outcome).toBe('failed')
    const stopped = AbortSignal.abort(new Error('lost the lock'))
    expect(failureOf(stopped.reason, 'rollout', stopped).outcome).toBe('failed')
  })
})

describe('stacks', () => {
  it('follow causes and parts of an error once, and show nothing else of it', () => {
    const inner = new Error('refused')
    const outer = new AggregateError([inner, new Error('timed out')], 'no broker', { cause: inner })
    Object.assign(outer, { config: { password: 'canary' } })
    const text = stackOf(outer)
    expect(text).toContain('AggregateError: no broker')
    expect(text).toContain('caused by: Error: timed out')
    expect(text.match(/Error: refused/gu)).toHaveLength(1)
    expect(text).not.toContain('canary')
    expect(stackOf(undefined)).toBe('')
  })
})
