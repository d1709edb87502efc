import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { evenShare, FaultClock, faultsFile, faultsIn, type FaultsFile } from './faults.ts'

describe('faultsIn', () => {
  const file = faultsFile.parse({
    '*': { logError: 'line' },
    production: { logs: ['out of memory'] },
    staging: {},
  })

  it.each([
    ['production', { logs: ['out of memory'] }],
    ['staging', {}],
    ['elsewhere', { logError: 'line' }],
  ])('takes the entry of %s alone', (namespace, faults) => {
    expect(faultsIn(file, namespace)).toEqual(faults)
  })

  it('is empty where nothing is said', () => {
    expect(faultsIn({}, 'production')).toEqual({})
  })
})

describe('faultsFile', () => {
  it.each([
    ['a misspelt fault', { production: { crsh: 'x' } }],
    ['a rate above one', { production: { errorRate: 30 } }],
    ['a later rate above one', { production: { errorRate: { value: 30, afterMs: 0 } } }],
    ['a time without a fault', { production: { errorRate: { afterMs: 0 } } }],
    ['a switch that is off', { production: { silent: false } }],
    ['a fault without a namespace', { crash: 'x' }],
  ])('refuses %s', (_, file) => {
    expect(faultsFile.safeParse(file).success).toBe(false)
  })
})

describe('FaultClock', () => {
  const clockOf = (file: FaultsFile, now: () => number) =>
    new FaultClock(faultsIn(faultsFile.parse(file), 'production'), now)

  it('has a plain fault from the start on, and a timed one when its time has come', () => {
    let now = 5000
    const clock = clockOf({ production: { slowMs: 7, errorRate: { value: 0.1, afterMs: 1000 } } }, () => now)
    expect([clock.value('slowMs'), clock.value('errorRate')]).toEqual([7, undefined])
    now += 999
    expect(clock.value('errorRate')).toBeUndefined()
    now += 1
    expect([clock.value('slowMs'), clock.value('errorRate')]).toEqual([7, 0.1])
  })

  it('has no other fault', () => {
    expect(clockOf({ production: {} }, () => 0).value('crash')).toBeUndefined()
  })
})

describe('evenShare', () => {
  it('hits the share of messages that was asked for, within one, at any time', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.integer({ min: 1, max: 500 }),
        (rate, messages) => {
          const hits = evenShare(() => rate)
          let hit = 0
          for (let count = 1; count <= messages; count += 1) {
            if (hits()) hit += 1
            expect(Math.abs(hit - rate * count)).toBeLessThanOrEqual(1)
          }
        },
      ),
    )
  })

  it('never hits at 0 and always at 1, also when that changes', () => {
    let rate = 0
    const hits = evenShare(() => rate)
    expect(Array.from({ length: 50 }, hits)).not.toContain(true)
    rate = 1
    expect(Array.from({ length: 50 }, hits)).not.toContain(false)
  })
})
