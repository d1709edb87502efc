import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { code, details, fence, inline, link, table } from './markdown.ts'
import { plainText } from './plain-text.ts'

describe('plain text', () => {
  it('reads like the summary', () => {
    const markdown = [
      '## ✅ v1.2.3 is live in production',
      `**Do:** nothing. **Go back:** ${link('rollback to v1.2.2', 'https://example.org/r')}, ~3 min.`,
      '',
      table(
        [{ title: '' }, { title: 'Now', align: 'right' }, { title: 'Limit' }],
        [
          ['Lag, group total', '290', inline('< 5,000')],
          ['Errors', '0.3 %', inline('< 1 %')],
        ],
      ),
      '',
      '',
      `- ${code('files-7')} by ${inline('@ana')}`,
      '',
      details('Logs | of "worker"', fence('  KeyError: **size**\n| not | a table |')),
    ].join('\n')
    expect(plainText(markdown)).toBe(
      [
        '✅ v1.2.3 is live in production',
        'Do: nothing. Go back: rollback to v1.2.2 (https://example.org/r), ~3 min.',
        '',
        '                  Now    Limit',
        'Lag, group total  290    < 5,000',
        'Errors            0.3 %  < 1 %',
        '',
        '- files-7 by @ana',
        '',
        '▸ Logs | of "worker"',
        '',
        '    KeyError: **size**',
        '  | not | a table |',
      ].join('\n'),
    )
  })

  it('gives back what was escaped', () => {
    const text = fc
      .string({ unit: 'grapheme-ascii', maxLength: 40 })
      .map((each) => each.replace(/<!--|\s+/gu, ' ').trim())
    fc.assert(
      fc.property(text, (each) => {
        expect(plainText(`x${inline(each)}`)).toBe(`x${each}`)
        expect(plainText(`x ${code(each)}`)).toBe(`x ${each}`.trim())
      }),
      { numRuns: 2000 },
    )
  })
})
