import { describe, expect, it } from '@jest/globals'
import { judgeAbove } from './watched-lag.ts'

describe('judgeAbove', () => {
  it.each([
    [[300, 300, 6_000], 'inconclusive', /one reading alone is no trend/],
    [[6_000], 'inconclusive', /one reading alone is no trend/],
    [[300, 6_000, 6_000], 'inconclusive', /one reading alone/],
    [[6_000, 6_000, 6_000], 'fail', /6,000 messages behind, with a limit of 5,000, in 3 readings in a row/],
    [[9_000, 8_000, 7_000], 'inconclusive', /and falling/],
    [[9_000, 7_000, 8_000], 'fail', /in 3 readings in a row/],
    [[300, 9_000, 8_000, 7_000], 'inconclusive', /and falling/],
  ])('of %j is %s', (totals, verdict, sentence) => {
    const points = totals.map((total, step) => ({ at: step * 30_000, total }))
    expect(judgeAbove('workers', points, 5_000)).toEqual({
      verdict,
      sentence: expect.stringMatching(sentence) as unknown,
    })
  })
})
