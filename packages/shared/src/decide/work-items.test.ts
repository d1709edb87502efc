import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { workItems } from './work-items.ts'

const pattern = '\\b[A-Z][A-Z0-9]+-\\d+\\b'
const of = (message: string) => workItems(message, pattern).map(({ key, text }) => [key, text])

describe('workItems', () => {
  it.each<[string, string[][]]>([
    ['WP-123 Optimize upload performance', [['WP-123', 'Optimize upload performance']]],
    ['[WP-123] Optimize upload performance', [['WP-123', 'Optimize upload performance']]],
    [
      'WP-123, WP-124: Fix retries',
      [
        ['WP-123', 'Fix retries'],
        ['WP-124', 'Fix retries'],
      ],
    ],
    ['Fix retries (WP-124)', [['WP-124', 'Fix retries (WP-124)']]],
    ['Fix retries\n\nRefs: WP-124', [['WP-124', 'Fix retries']]],
    [
      'Release v1.1.0\n\n* WP-123 Optimize uploads\n* WP-124 Back off\n\nWP-123 again',
      [
        ['WP-123', 'Optimize uploads'],
        ['WP-124', 'Back off'],
      ],
    ],
    ['WP-123', [['WP-123', '']]],
    ['wp-123 is none, nor is it here', []],
    ['', []],
  ])('%j', (message, wanted) => {
    expect(of(message)).toEqual(wanted)
  })

  it('ends for a pattern that matches nothing or everything', () => {
    expect(workItems('abc', 'x*')).toEqual([])
    expect(workItems('abc', '.').map(({ key }) => key)).toEqual(['a', 'b', 'c'])
  })

  it('names what stands in the message, each once', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('WP-1', 'WP-22', ' ', '\n', '[', ']', ':', 'x') }),
        (text) => {
          const keys = workItems(text, pattern).map(({ key }) => key)
          expect(new Set(keys).size).toBe(keys.length)
          for (const key of keys) expect(text).toContain(key)
        },
      ),
    )
  })
})
