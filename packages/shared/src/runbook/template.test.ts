import { inspect } from 'node:util'
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { UserError } from '../errors.ts'
import { ResolvedText, resolve, Template, templateProblem } from './template.ts'

describe('Template', () => {
  it('knows its variables, each once', () => {
    expect(new Template('https://${HOST}:${PORT}/${HOST}').variables).toEqual(['HOST', 'PORT'])
    expect(new Template('plain $HOME $(x) {y}').variables).toEqual([])
  })

  it('shows its text', () => {
    const template = new Template('Bearer ${TOKEN}')
    expect(String(template)).toBe('Bearer ${TOKEN}')
    expect(JSON.stringify({ template })).toBe('{"template":"Bearer ${TOKEN}"}')
  })
})

describe('resolve', () => {
  it('replaces variables, also several in one text, and nothing else', () => {
    const resolved = resolve(new Template('${A}-${B}-${A}-$C'), { A: '1', B: '2' })
    expect(resolved.reveal()).toBe('1-2-1-$C')
  })

  it('does not replace what a value contains', () => {
    expect(resolve(new Template('${A}'), { A: '${B} $& $1', B: 'no' }).reveal()).toBe('${B} $& $1')
  })

  it('resolves every template inside a section and keeps the rest', () => {
    const section = {
      brokers: [new Template('${BROKERS}')],
      tls: false,
      sasl: { password: new Template('${PASSWORD}') },
      none: null,
    }
    const resolved = resolve(section, { BROKERS: 'a:1,b:2', PASSWORD: 'x' })
    expect(resolved.brokers.map((broker) => broker.reveal())).toEqual(['a:1,b:2'])
    expect(resolved.sasl.password.reveal()).toBe('x')
    expect(resolved.tls).toBe(false)
    expect(resolved.none).toBeNull()
  })

  it('names all missing variables at once; empty ones are missing', () => {
    const section = [new Template('${A} ${B}'), { deep: new Template('${C}') }, new Template('${A}')]
    const attempt = () => resolve(section, { A: '', B: 'set' })
    expect(attempt).toThrow(UserError)
    expect(attempt).toThrow('The runbook refers to ${A}, ${C}, which are not set or empty')
    expect(() => resolve(new Template('${A}'), {})).toThrow(
      'The runbook refers to ${A}, which is not set or empty',
    )
  })

  it('never prints a value, however it is printed', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z0-9]{12,20}$/), (secret) => {
        const resolved = resolve({ password: new Template('${PASSWORD}') }, { PASSWORD: secret })
        const printed = [
          String(resolved.password),
          [resolved.password].join(),
          JSON.stringify(resolved),
          inspect(resolved, { depth: null, showHidden: true }),
          Object.entries(resolved.password).join(),
        ].join('\n')
        expect(printed).not.toContain(secret)
        expect(printed).toContain('${PASSWORD}')
        expect(resolved.password).toBeInstanceOf(ResolvedText)
        expect(resolved.password.reveal()).toBe(secret)
      }),
    )
  })
})

describe('templateProblem', () => {
  it.each(['', 'plain', '${A}', 'a ${B_1}c', '$', '{}', '$A'])('accepts %j', (text) => {
    expect(templateProblem(text)).toBeUndefined()
  })

  it.each(['${', '${}', '${A B}', '${1A}', '${A:-x}', '${A} ${b-c}', '${${A}}'])('refuses %j', (text) => {
    expect(templateProblem(text)).toMatch(/does not name an environment variable/)
  })
})
