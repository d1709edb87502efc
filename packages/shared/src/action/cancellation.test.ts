import { EventEmitter } from 'node:events'
import { describe, expect, it } from '@jest/globals'
import { Cancelled, cancelOnSignals } from './cancellation.ts'

describe('cancellation', () => {
  it.each(['SIGINT', 'SIGTERM'])('aborts on the first %s and leaves the second to the system', (name) => {
    const source = new EventEmitter()
    const { signal } = cancelOnSignals(source)
    expect(signal.aborted).toBe(false)
    source.emit(name, name)
    expect(signal.reason).toBeInstanceOf(Cancelled)
    expect(signal.reason).toMatchObject({ message: `cancelled by ${name}` })
    expect([source.listenerCount('SIGINT'), source.listenerCount('SIGTERM')]).toEqual([0, 0])
  })

  it('can be aborted for another reason and given back', () => {
    const source = new EventEmitter()
    const cancellation = cancelOnSignals(source)
    const reason = new Error('lost the lock')
    cancellation.abort(reason)
    expect(cancellation.signal.reason).toBe(reason)
    cancellation.dispose()
    expect(source.listenerCount('SIGINT')).toBe(0)
  })
})
