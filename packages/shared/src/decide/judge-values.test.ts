import { describe, expect, it } from '@jest/globals'
import { judgeValues } from './judge-values.ts'

const rules = { isBeyond: (value: number) => value >= 5, recentMs: 5, coverage: 0.8 }
const judge = (...values: (number | undefined)[]) =>
  judgeValues(
    values.map((value, index) => ({ from: index, at: index + 1, value })),
    rules,
  )

describe('judgeValues', () => {
  it.each<[string, (number | undefined)[], string, string, number | undefined]>([
    ['nothing yet', [], 'inconclusive', 'early', undefined],
    ['all below', [1, 2, 3, 2, 1], 'pass', 'below', 2],
    ['one above', [1, 2, 9, 2, 1], 'pass', 'below', 2],
    ['all above of late', [1, 1, 1, 1, 1, 1, 6, 7, 8, 7, 6], 'fail', 'lasting', 7],
    ['most above, not of late', [6, 7, 8, 6, 1, 6], 'fail', 'mostly', 6],
    ['two above and nothing more', [6, 7], 'inconclusive', 'mostly', 6.5],
    ['no number at all', [undefined, undefined, undefined], 'unknown', 'gaps', undefined],
    ['one gap', [1, 2, undefined, 2, 1], 'pass', 'below', 1.5],
    ['many gaps', [1, undefined, undefined, 2, 1], 'unknown', 'gaps', 1],
    ['gaps long ago', [undefined, undefined, undefined, 1, 1, 1, 1, 1], 'unknown', 'gaps', 1],
  ])('%s', (_, values, verdict, reason, value) => {
    expect(judge(...values)).toEqual({ verdict, reason, value })
  })
})
