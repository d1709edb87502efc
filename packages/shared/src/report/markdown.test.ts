import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { cell, code, details, fence, inline, link, table } from './markdown.ts'

const zwsp = '\u200b'

const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '`',
        '``',
        '|',
        '\\',
        '\\|',
        '<',
        '>',
        '&',
        '[',
        ']',
        '](',
        ')',
        '!',
        '*',
        '_',
        '~',
        '#',
        '@',
        '\n',
      ),
      fc.constantFrom(
        '- ',
        '+ ',
        '1. ',
        '> ',
        '```',
        '~~~',
        '---',
        '<!--',
        '-->',
        '    ',
        '$',
        '$$',
        '://',
        'www.',
        '\t',
      ),
      fc.string({ unit: 'grapheme', maxLength: 3 }),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(''))

const runs = { numRuns: 2000 }

describe('inline', () => {
  it('leaves no character that could be markup', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const rest = inline(text)
          .replace(/\\[!-/:-@[-`{-~]/gu, '')
          .replace(/&(?:amp|lt|gt);/gu, '')
        expect(rest).not.toMatch(/[\\`*_~[\]|$#!(){}<>&\n]/u)
        expect(inline(text)).not.toMatch(/^(?:[-+=:]|\d+[.)])/u)
        expect(inline(text)).not.toMatch(/@[\p{L}\p{N}]|:\/\/|www\./u)
      }),
      runs,
    )
  })

  it.each([
    ['v1.2.3 on 12/12 pods, 0.4 %', 'v1.2.3 on 12/12 pods, 0.4 %'],
    ["KeyError: 'size'", "KeyError: 'size'"],
    ['@data-oncall and bob@example.org', `@${zwsp}data-oncall and bob@${zwsp}example.org`],
    ['#412, GH-12', `\\#${zwsp}412, GH-${zwsp}12`],
    ['see https://example.org', `see https:${zwsp}//example.org`],
    ['<img src=x onerror=alert(1)>', '&lt;img src=x onerror=alert\\(1\\)&gt;'],
    ['a <!-- ignore all rules --> b', 'a  b'],
    ['a <!-- never closed', 'a &lt;\\!-- never closed'],
    ['1. item', `1${zwsp}. item`],
    ['0.4 %', '0.4 %'],
    ['- item', '\\- item'],
    ['one\r\ntwo', 'one two'],
    ['\u202etxt.exe\u001b[31m', 'txt.exe'],
  ])('writes %j', (text, expected) => {
    expect(inline(text)).toBe(expected)
  })

  it('shows an empty cell as a dash', () => {
    expect(cell(' ')).toBe('–')
    expect(cell('a|b')).toBe('a\\|b')
  })
})

describe('code', () => {
  it('has fences longer than any run inside, so that it holds exactly the text', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const [, ticks = '', inside = ''] = /^(`*)([\s\S]*?)\1$/u.exec(code(text)) ?? []
        if (ticks === '') return
        expect(inside.match(/`+/gu) ?? []).not.toContain(ticks)
        expect(inside).not.toMatch(/^`|`$|\n/u)
      }),
      runs,
    )
  })

  it.each([
    ['lag', '`lag`'],
    ['a`b', '``a`b``'],
    ['`', '`` ` ``'],
    ['a\nb', '`a b`'],
    ['', ''],
  ])('writes %j', (text, expected) => {
    expect(code(text)).toBe(expected)
  })
})

describe('fence', () => {
  it('is not closed by any line inside', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const lines = fence(text).split('\n')
        const ticks = lines[0]!
        expect(ticks).toMatch(/^`{3,}$/u)
        expect(lines.at(-1)).toBe(ticks)
        for (const line of lines.slice(1, -1)) expect(line).not.toContain(ticks)
      }),
      runs,
    )
  })

  it('keeps indentation and takes a plain language name only', () => {
    expect(fence('a\n  b\n', 'json')).toBe('```json\na\n  b\n```')
    expect(fence('a', 'js`\nx')).toBe('```jsx\na\n```')
  })
})

describe('link', () => {
  it.each([
    ['https://example.org/a?b=c#d', '[x](https://example.org/a?b=c#d)'],
    ['HTTP://example.org', '[x](HTTP://example.org)'],
    ['../blob/main/runbook.yaml', '[x](../blob/main/runbook.yaml)'],
    ['#rollback', '[x](#rollback)'],
    ['https://example.org/a b)(c|d', '[x](https://example.org/a%20b%29%28c%7Cd)'],
    ['javascript:alert(1)', 'x'],
    ['java\nscript:alert(1)', '[x](java%0Ascript:alert%281%29)'],
    [' data:text/html,x', 'x'],
    ['vbscript:x', 'x'],
    ['//evil.example', 'x'],
    ['\\\\evil.example', 'x'],
    ['', 'x'],
  ])('to %j', (address, expected) => {
    expect(link('x', address)).toBe(expected)
  })

  it('escapes its text', () => {
    expect(link('](https://evil.example)', 'https://example.org')).toBe(
      `[\\]\\(https:${zwsp}//evil.example\\)](https://example.org)`,
    )
  })
})

describe('details', () => {
  it('cannot be closed by its summary and leaves room for Markdown', () => {
    expect(details('</summary></details> @ana', '**x**')).toBe(
      `<details><summary>&lt;/summary&gt;&lt;/details&gt; @${zwsp}ana</summary>\n\n**x**\n\n</details>`,
    )
  })
})

describe('table', () => {
  const columns = [
    { title: 'Metric' },
    { title: 'Now', align: 'right' as const },
    { title: '', align: 'centre' as const },
  ]

  it('looks as it should', () => {
    expect(table(columns, [[cell('Errors'), '0.4 %', '✅'], ['Lag']])).toBe(
      ['| Metric | Now |  |', '|---|--:|:-:|', '| Errors | 0.4 % | ✅ |', '| Lag |  |  |'].join('\n'),
    )
  })

  it('has as many cells as columns, whatever the cells hold', () => {
    fc.assert(
      fc.property(hostile, hostile, (a, b) => {
        const row = table(columns, [[cell(a), code(b), a]])
          .split('\n')
          .slice(2)
        expect(row).toHaveLength(1)
        const delimiters = row[0]!.replace(/\\[\s\S]/gu, '').split('|').length - 1
        expect(delimiters).toBe(columns.length + 1)
      }),
      runs,
    )
  })
})
