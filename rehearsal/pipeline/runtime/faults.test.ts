import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { failureShare, faultsFile, faultsIn } from './faults.ts'

describe('faultsIn', () => {
  const file = {
    '*': { unready: true, logError: 'line' },
    production: { crash: 'out of memory' },
    staging: {},
  }

  it.each([
    ['production', { crash: 'out of memory' }],
    ['staging', {}],
    ['elsewhere', { unready: true, logError: 'line' }],
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
    ['a fault without a namespace', { crash: 'x' }],
  ])('refuses %s', (_, file) => {
    expect(faultsFile.safeParse(file).success).toBe(false)
  })
})

describe('failureShare', () => {
  it('fails the share of messages that was asked for, within one, at any time', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.integer({ min: 1, max: 500 }),
        (rate, messages) => {
          const fails = failureShare(rate)
          let failed = 0
          for (let count = 1; count <= messages; count += 1) {
            if (fails()) failed += 1
            expect(Math.abs(failed - rate * count)).toBeLessThanOrEqual(1)
          }
        },
      ),
    )
  })

  it('never fails at 0 and always at 1', () => {
    const [never, always] = [failureShare(0), failureShare(1)]
    expect(Array.from({ length: 50 }, never)).not.toContain(true)
    expect(Array.from({ length: 50 }, always)).not.toContain(false)
  })
})
