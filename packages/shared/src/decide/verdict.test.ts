import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { outcomeOf } from './policy.ts'
import { verdicts, worst } from './verdict.ts'

describe('worst', () => {
  it('is the first of the order that occurs', () => {
    expect(worst(['pass', 'warn', 'inconclusive', 'unknown', 'fail'])).toBe('fail')
    expect(worst(['pass', 'unknown', 'inconclusive'])).toBe('unknown')
    expect(worst(['pass', 'warn'])).toBe('warn')
    expect(worst(['skipped', 'pass'])).toBe('pass')
  })

  it('has shown nothing where nothing was asked', () => {
    expect(worst([])).toBe('inconclusive')
    expect(worst(['skipped', 'skipped'])).toBe('inconclusive')
  })

  it('is never better than any verdict given, in whatever order they come', () => {
    const rank = (verdict: (typeof verdicts)[number]): number => verdicts.indexOf(verdict)
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...verdicts.filter((verdict) => verdict !== 'skipped')), { minLength: 1 }),
        (given) => {
          expect(rank(worst(given))).toBe(Math.min(...given.map(rank)))
          expect(worst(given.toReversed())).toBe(worst(given))
        },
      ),
    )
  })
})

describe('outcomeOf', () => {
  it.each([
    ['preflight', 'pass', 'passed'],
    ['preflight', 'warn', 'passed'],
    ['preflight', 'fail', 'blocked'],
    ['preflight', 'unknown', 'blocked'],
    ['preflight', 'inconclusive', 'blocked'],
    ['validate', 'pass', 'passed'],
    ['validate', 'warn', 'passed'],
    ['validate', 'fail', 'failed'],
    ['validate', 'unknown', 'held'],
    ['validate', 'inconclusive', 'held'],
  ] as const)('%s with %s is %s', (phase, verdict, outcome) => {
    expect(outcomeOf(phase, verdict)).toBe(outcome)
  })
})
