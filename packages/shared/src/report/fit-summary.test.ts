import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { fitSummary, maxSummaryBytes, type SummaryPart } from './fit-summary.ts'

const lines = (count: number, text: string): string =>
  Array.from({ length: count }, (_, index) => `${text} ${index}`).join('\n')

describe('a summary that fits', () => {
  it('is left as it is', () => {
    const parts: SummaryPart[] = [
      { kind: 'decision', markdown: '## ✅ live\n' },
      { kind: 'evidence', title: 'Logs', text: 'a\n```\nb' },
    ]
    expect(fitSummary(parts)).toBe(
      '## ✅ live\n\n<details><summary>Logs</summary>\n\n````\na\n```\nb\n````\n\n</details>\n',
    )
  })
})

describe('a summary that is too long', () => {
  it('keeps decisions and small evidence, and the ends of the large', () => {
    const text = fitSummary([
      { kind: 'decision', markdown: '## 🟥 stopped' },
      { kind: 'evidence', title: 'Events', text: lines(20, 'event') },
      { kind: 'evidence', title: 'Logs of a', text: lines(200_000, 'log of a') },
      { kind: 'evidence', title: 'Logs of b', text: lines(200_000, 'log of b €') },
      { kind: 'decision', markdown: '**Do:** wait' },
    ])
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(maxSummaryBytes)
    expect(Buffer.byteLength(text)).toBeGreaterThan(maxSummaryBytes * 0.95)
    expect(text).toContain('## 🟥 stopped')
    expect(text).toContain('**Do:** wait')
    expect(text).toContain(lines(20, 'event'))
    for (const name of ['log of a', 'log of b €']) {
      expect(text).toContain(`\n${name} 0\n`)
      expect(text).toContain(`\n${name} 199999\n`)
    }
    expect(text).toMatch(/… 3\.\d MB left out: there is no room for more here …/u)
    expect(text).not.toContain('\ufffd')
  })

  it('loses all evidence before a word of a decision', () => {
    const decision = 'x'.repeat(900)
    const text = fitSummary(
      [
        { kind: 'decision', markdown: decision },
        { kind: 'evidence', title: 'Logs', text: lines(100, 'log') },
      ],
      800,
    )
    expect(text).toContain(decision)
    expect(text).not.toContain('log 5')
  })

  it('fits for any evidence where the decisions leave room, and every fence is closed', () => {
    const evidence = fc.record({
      kind: fc.constant('evidence' as const),
      title: fc.string({ maxLength: 10 }),
      text: fc.string({ unit: 'grapheme', maxLength: 3000 }).map((text) => text.replaceAll(' ', '\n')),
    })
    fc.assert(
      fc.property(
        fc.array(evidence, { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 2000, max: 6000 }),
        (parts, max) => {
          const text = fitSummary([{ kind: 'decision', markdown: '# d' }, ...parts], max)
          expect(Buffer.byteLength(text)).toBeLessThanOrEqual(max)
          expect(text.match(/^<details>/gmu)).toHaveLength(parts.length)
          expect(text.match(/^<\/details>$/gmu)).toHaveLength(parts.length)
        },
      ),
    )
  })
})
