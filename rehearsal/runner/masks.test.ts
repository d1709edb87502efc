import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { Masks } from './masks.ts'

describe('Masks', () => {
  it('hides a secret whole and each of its lines, without the blanks around it', () => {
    const masks = new Masks(['kind: Config\n  token: abc\r\n\n'])
    expect(masks.apply('x kind: Config y')).toBe('x *** y')
    expect(masks.apply('token: abc')).toBe('***')
    expect(masks.apply('{"kind":"Config"}')).toBe('{"kind":"Config"}')
  })

  it('hides the longer secret first', () => {
    expect(new Masks(['pass', 'password']).apply('password pass')).toBe('*** ***')
  })

  it('hides nothing for an empty secret', () => {
    expect(new Masks(['', '\n']).apply('text')).toBe('text')
  })

  it('hides in all strings of a value and leaves the rest', () => {
    const masks = new Masks(['abc'])
    expect(masks.applyTo({ a: ['abc', 1, null], b: { c: 'x abc' } })).toEqual({
      a: ['***', 1, null],
      b: { c: 'x ***' },
    })
  })

  it('leaves no line of a secret in any text', () => {
    const line = fc.stringMatching(/^[a-z]{4,8}$/)
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 4 }), fc.string(), (lines, filler) => {
        const masked = new Masks([lines.join('\n')]).apply(lines.join(filler))
        for (const secret of lines) expect(masked).not.toContain(secret)
      }),
    )
  })
})
