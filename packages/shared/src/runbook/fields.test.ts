import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type * as z from 'zod'
import { dnsLabel, dnsName, filePath, pattern, secret, series, share, text, url, urlPath } from './fields.ts'

const accepts = (schema: z.ZodType, value: unknown) => schema.safeParse(value).success

describe('names of Kubernetes', () => {
  it.each(['a', 'download-worker', '0a', 'a'.repeat(63)])('%s is a label', (name) => {
    expect(accepts(dnsLabel('x'), name)).toBe(true)
  })

  it.each(['', '-a', 'a-', 'A', 'a_b', 'a.b', 'a'.repeat(64), 'a\n', 'ä', 'a/../b', 5])(
    '%j is no label',
    (name) => {
      expect(accepts(dnsLabel('x'), name)).toBe(false)
    },
  )

  it.each(['a.b', 'kafka-pipeline.config-v2', 'a'.repeat(253)])('%s is a name', (name) => {
    expect(accepts(dnsName('x'), name)).toBe(true)
  })

  it.each(['a..b', '.a', 'a.', 'a.-b', 'a'.repeat(254)])('%j is no name', (name) => {
    expect(accepts(dnsName('x'), name)).toBe(false)
  })
})

describe('files and paths', () => {
  it.each(['a.yaml', 'deployments/a b.yaml', '.github/x.yaml', 'a/..b/c'])(
    '%s is a file of the repository',
    (path) => {
      expect(accepts(filePath('x'), path)).toBe(true)
    },
  )

  it.each(['', '/etc/passwd', '../a', 'a/../../b', '~/a', '-rf', 'a\\b', 'a\nb', 'a\u0000b', ' a', '..'])(
    '%j is not',
    (path) => {
      expect(accepts(filePath('x'), path)).toBe(false)
    },
  )

  it.each(['/', '/health', '/api/v1/status?full=1'])('%s is the path of an endpoint', (path) => {
    expect(accepts(urlPath('x'), path)).toBe(true)
  })

  it.each(['health', '', '/a b', '/a#b', '/a\r\nHost: x', 'http://x/'])('%j is not', (path) => {
    expect(accepts(urlPath('x'), path)).toBe(false)
  })
})

describe('addresses', () => {
  it.each(['${PROMETHEUS_URL}', '${BASE}/prometheus', 'https://x.example:9090/a', 'http://${HOST}:9090'])(
    '%s is one',
    (value) => {
      expect(accepts(url('x'), value)).toBe(true)
    },
  )

  it.each([
    'x.example',
    'ftp://x',
    'javascript:alert(1)',
    'https://',
    'https://u:p@x',
    'https://u@x',
    'https://${HOST',
  ])('%j is none', (value) => {
    expect(accepts(url('x'), value)).toBe(false)
  })
})

describe('series', () => {
  it.each([
    ['up', 'up', {}],
    ['up{}', 'up', {}],
    ['ns:errors:rate5m', 'ns:errors:rate5m', {}],
    ['a{b="c"}', 'a', { b: 'c' }],
    ['a{b="c",d="e, f",}', 'a', { b: 'c', d: 'e, f' }],
    ['a{b="", c="x y"}', 'a', { b: '', c: 'x y' }],
  ])('reads %s', (selector, name, labels) => {
    expect(series('x').parse(selector)).toEqual({ name, labels })
  })

  it.each([
    '',
    '1a',
    'a{',
    'a{b=c}',
    'a{b=~"c"}',
    'a{b!="c"}',
    'a{b="c" d="e"}',
    'a b',
    'rate(a[5m])',
    'a{b="c\\"}',
  ])('refuses %j', (selector) => {
    expect(accepts(series('x'), selector)).toBe(false)
  })
})

describe('text', () => {
  it('is one printable line', () => {
    expect(accepts(text('x'), 'Black Friday, 2×')).toBe(true)
    for (const value of ['', '  ', 'a\nb', 'a\tb', 'a\u001b[31m', '\u0085', 'x'.repeat(501)]) {
      expect(accepts(text('x'), value)).toBe(false)
    }
  })

  it('never holds a control character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 20 }), (value) => {
        if (accepts(text('x'), value)) expect(value).not.toMatch(/\p{Cc}/u)
      }),
      { numRuns: 1000 },
    )
  })
})

describe('limits', () => {
  it('of a share end at 100 %', () => {
    expect(share.parse('100%')).toBe(1)
    expect(accepts(share, '101%')).toBe(false)
  })

  it('of a pattern are that it compiles', () => {
    expect(pattern.parse('\\berror\\b')).toBe('\\berror\\b')
    for (const source of ['(', '[', '*', 'a{2,1}', '\\', '']) expect(accepts(pattern, source)).toBe(false)
  })
})

describe('secrets', () => {
  it.each(['${A}', '${A_1}'])('%s names one', (value) => {
    expect(accepts(secret('X'), value)).toBe(true)
  })

  it.each(['hunter2', '${A}x', 'x${A}', '${A}${B}', '${A B}', '', '$A'])('%j does not', (value) => {
    expect(accepts(secret('X'), value)).toBe(false)
  })
})
