import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { BadExposition, readExposition } from './exposition.ts'

const read = (text: string) => readExposition(text, () => true)
const all = (text: string) => read(text).map(({ name, labels, value }) => [name, labels, value])

describe('readExposition', () => {
  it.each<[string, string, unknown[]]>([
    ['a bare sample', 'up 1', ['up', {}, 1]],
    ['labels', 'a_total{x="1",y="2"} 3', ['a_total', { x: '1', y: '2' }, 3]],
    ['a comma at the end and blanks', 'a { x = "1" , } 3', ['a', { x: '1' }, 3]],
    ['no labels in braces', 'a{} 3', ['a', {}, 3]],
    ['escapes', String.raw`a{x="b\\c\"d\ne"} 1`, ['a', { x: 'b\\c"d\ne' }, 1]],
    ['braces and commas in a value', 'a{x="}, y=\\"z"} 1', ['a', { x: '}, y="z' }, 1]],
    ['a timestamp', 'a 1.5e3 1395066363000', ['a', {}, 1500]],
    ['a timestamp of OpenMetrics', 'a{x="1"} 2 1520879607.789', ['a', { x: '1' }, 2]],
    [
      'an exemplar',
      'a_bucket{le="5.0"} 17 # {trace_id="oHg5SJYRHA0"} 0.67 1520879607.789',
      ['a_bucket', { le: '5.0' }, 17],
    ],
    ['an exemplar after a timestamp', 'a_total 17 1520879607.789 # {} 1', ['a_total', {}, 17]],
    [
      'a name in quotes',
      '{"my.metric", "my.label"="x", y="z"} 1',
      ['my.metric', { 'my.label': 'x', y: 'z' }, 1],
    ],
    ['tabs', 'a\t1', ['a', {}, 1]],
    ['a carriage return', 'a 1\r', ['a', {}, 1]],
    ['negative zero and plus', 'a +1', ['a', {}, 1]],
    ['infinity', 'a_bucket{le="+Inf"} +Inf', ['a_bucket', { le: '+Inf' }, Number.POSITIVE_INFINITY]],
    ['no number', 'a NaN', ['a', {}, Number.NaN]],
  ])('reads %s', (_, line, sample) => {
    expect(all(line)).toEqual([sample])
  })

  it('reads over comments, types and the end', () => {
    expect(all('# HELP a It is\n# TYPE a counter\n\na 1\n# EOF\n')).toEqual([['a', {}, 1]])
  })

  it.each([
    'a',
    'a{',
    'a{x="1" 1',
    'a{x="1"',
    'a{x=1} 1',
    'a{x="1"y="2"} 1',
    'a{x="\\t"} 1',
    'a{"b"} {"c"} 1',
    '{"a","b"} 1',
    '{x="1"} 1',
    'a one',
    'a 1 2 3',
    'a 0x1',
    'a1.5',
    '1a 1',
    '<html>',
    'a 1 # {x="1"',
  ])('refuses %j, and names the line', (line) => {
    const reading = (): unknown => read(`ok 1\n${line}\n`)
    expect(reading).toThrow(BadExposition)
    expect(reading).toThrow(/^line 2 is no sample: /)
  })

  it('leaves alone what nobody wants', () => {
    const text = 'other{x=broken} 1\nwanted 2'
    expect(readExposition(text, (name) => name === 'wanted').map(({ value }) => value)).toEqual([2])
  })

  it('reads back whatever a client may write', () => {
    const label = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,8}$/).filter((name) => name !== '__proto__')
    const sample = fc.record({
      name: fc.stringMatching(/^[A-Za-z_:][A-Za-z0-9_:]{0,8}$/),
      labels: fc.dictionary(label, fc.string({ unit: 'binary' }), { noNullPrototype: true }),
      // The text of -0 is 0.
      value: fc.double().map((value) => value + 0),
    })
    const escape = (text: string): string =>
      text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
    fc.assert(
      fc.property(fc.array(sample), (samples) => {
        const lines = samples.map(({ name, labels, value }) => {
          const pairs = Object.entries(labels).map(([key, text]) => `${key}="${escape(text)}"`)
          const number = Number.isFinite(value)
            ? String(value)
            : Number.isNaN(value)
              ? 'NaN'
              : value > 0
                ? '+Inf'
                : '-Inf'
          return `${name}{${pairs.join(',')}} ${number}\n`
        })
        expect(read(lines.join(''))).toEqual(samples)
      }),
    )
  })
})
