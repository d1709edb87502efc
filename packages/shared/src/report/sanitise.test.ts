import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { commandNames, commandsIn } from './runner-commands.fixture.ts'
import { sanitiseBlock, sanitiseLine, visible } from './sanitise.ts'

const command = fc
  .tuple(
    fc.constantFrom('::', ':::', '##[', '###[', ':\u200b:', '##\u001b[0m[', '\r::', ' ::'),
    fc.constantFrom(...commandNames),
    fc.constantFrom('', ' name=a', ' file=x,line=1'),
    fc.constantFrom('::', ']', ':\0:', '\n::'),
  )
  .map((parts) => parts.join(''))

/** Texts that are made of what attacks are made of. */
const hostile = fc
  .array(
    fc.oneof(
      command,
      fc.constantFrom(...commandNames),
      fc.constantFrom(
        '::',
        ':',
        '##[',
        '##',
        '#',
        '[',
        ']',
        ' ',
        '\t',
        '\n',
        '\r',
        '\r\n',
        '=',
        ',',
        ';',
        '%0A',
      ),
      fc.constantFrom(
        '\u001b[31m',
        '\u001b',
        '\u009b',
        '\u001b]8;;',
        '\u0007',
        '\0',
        '\u0085',
        '\u2028',
        '\u00a0',
      ),
      fc.constantFrom(
        '\u200b',
        '\u200d',
        '\u200e',
        '\u202e',
        '\u2066',
        '\ufeff',
        '\u00ad',
        '\u{e0041}',
        '\ufe0f',
      ),
      fc.string({ unit: 'grapheme', maxLength: 4 }),
      fc.string({ unit: 'binary', maxLength: 4 }),
    ),
    { maxLength: 8 },
  )
  .map((parts) => parts.join(''))

const runs = { numRuns: 3000 }

describe('the oracle', () => {
  it.each([
    ['::warning::x', ['warning']],
    ['  \u3000::set-output name=a::b', ['set-output']],
    ['pod-1 | ##[set-env name=a;]b', ['set-env']],
    ['a\r::Add-Mask::true', ['add-mask']],
    ['x ::warning::y', []],
    ['::unknown::y', []],
    ['##[section]Starting', []],
  ])('finds the commands of %j', (text, expected) => {
    expect(commandsIn(text)).toEqual(expected)
  })

  it('finds commands in hostile texts, so that the properties below can fail', () => {
    const found = fc.sample(hostile, { numRuns: 5000, seed: 1 }).filter((text) => commandsIn(text).length > 0)
    expect(found.length).toBeGreaterThan(200)
  })
})

describe('sanitised text', () => {
  it('holds no command, whatever it was made of', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        expect(commandsIn(sanitiseLine(text))).toEqual([])
        expect(commandsIn(sanitiseBlock(text))).toEqual([])
        // The runner compares by culture, which does not see ignorable characters.
        expect(commandsIn(sanitiseBlock(text).replace(/\p{Default_Ignorable_Code_Point}/gu, ''))).toEqual([])
      }),
      runs,
    )
  })

  it('holds nothing that is not seen, and only whole characters', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const line = sanitiseLine(text)
        expect(line).not.toMatch(
          /[\0-\u0008\n-\u001f\u007f-\u009f\u00ad\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/u,
        )
        expect(line).not.toMatch(/[\u{e0000}-\u{e0fff}]/u)
        expect(line.isWellFormed()).toBe(true)
      }),
      runs,
    )
  })

  it('is unchanged when it is sanitised again', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        expect(sanitiseLine(sanitiseLine(text))).toBe(sanitiseLine(text))
        expect(sanitiseBlock(sanitiseBlock(text))).toBe(sanitiseBlock(text))
      }),
      runs,
    )
  })

  it('stays within its limits', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', maxLength: 300 }),
        fc.integer({ min: 40, max: 200 }),
        (text, maxLineBytes) => {
          const lines = sanitiseBlock(text.repeat(4), { maxLines: 5, maxLineBytes }).split('\n')
          expect(lines.length).toBeLessThanOrEqual(5)
          for (const line of lines) expect(Buffer.byteLength(line)).toBeLessThanOrEqual(maxLineBytes)
        },
      ),
    )
  })
})

describe('readability', () => {
  it.each([
    '    at Consumer.run (/app/src/consumer.ts:88:13)',
    '\tindented by a tab',
    '2026-01-01T00:00:00Z level=error msg="x::y" ratio=1:2',
    'Überprüfung läuft — 日本語 عربى עברית हिन्दी',
    'deploy 🚀 👩🏽‍💻 ❤️ 🏳️‍🌈 👨‍👩‍👧',
    'std::vector<int> at ::1',
    '# heading [x] ## [y]',
    '',
  ])('leaves %j as it is', (text) => {
    expect(sanitiseLine(text)).toBe(text.trimEnd() === '' ? '' : text)
    expect(sanitiseBlock(text)).toBe(text)
  })

  it('shows what a command would have been', () => {
    expect(sanitiseLine('::set-env name=PATH::/tmp')).toBe(': :set-env name=PATH::/tmp')
    expect(sanitiseLine('  ::error::x')).toBe('  : :error::x')
    expect(sanitiseLine('pod ##[error]x')).toBe('pod ## [error]x')
  })

  it('removes terminal escapes and keeps the text between them', () => {
    expect(
      visible(
        '\u001b[1;31mred\u001b[0m \u001b]8;;https://example.org\u001b\\link\u001b]8;;\u0007 \u009b2Kdone',
      ),
    ).toBe('red link done')
    expect(visible('\u001b]0;never ended: text')).toBe('0;never ended: text')
  })

  it('replaces halves of characters', () => {
    expect(sanitiseLine('a\ud83d b')).toBe('a\ufffd b')
  })

  it('takes every kind of line end as one', () => {
    expect(sanitiseBlock('a\r\nb\rc\u0085d\u2028e\n')).toBe('a\nb\nc\nd\ne')
    expect(sanitiseLine('a\r\nb\n\n')).toBe('a ⏎ b')
  })

  it('keeps the first and the last lines of a long block', () => {
    const block = Array.from({ length: 1000 }, (_, index) => `line ${index}`).join('\n')
    const lines = sanitiseBlock(block).split('\n')
    expect(lines).toHaveLength(200)
    expect(lines[0]).toBe('line 0')
    expect(lines[100]).toBe('… 801 lines left out …')
    expect(lines[199]).toBe('line 999')
  })

  it('says how long a cut line was, and cuts at a character', () => {
    const line = sanitiseLine('€'.repeat(5000))
    expect(line).toMatch(/^€{600,} … \(15,000 bytes\)$/u)
    expect(Buffer.byteLength(line)).toBeLessThanOrEqual(2048)
  })

  it('takes a second of processor time at most for a megabyte of unfinished escapes', () => {
    const text = '\u001b]\u009d\u009b'.repeat(350_000)
    const start = process.cpuUsage()
    sanitiseBlock(text)
    expect(process.cpuUsage(start).user).toBeLessThan(1e6)
  })
})
