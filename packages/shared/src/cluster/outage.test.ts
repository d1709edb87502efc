import { expect, it } from '@jest/globals'
import { Outage } from './outage.ts'

/** Plays failures and answers at these seconds, and returns what was told. */
function told(...happened: [at: number, 'failed' | 'served'][]): string[] {
  const lines: string[] = []
  let now = 0
  const outage = new Outage({ now: () => new Date(now) }, (line) => lines.push(line))
  for (const [at, what] of happened) {
    now = at * 1000
    if (what === 'failed') outage.failed('connection refused')
    else outage.served()
  }
  return lines
}

const begun =
  'The API server has not served since 1970-01-01T00:00:01.000Z; trying on. Now: connection refused'

it.each<[string, [number, 'failed' | 'served'][], string[]]>([
  ['an answer', [[1, 'served']], []],
  [
    'a short one',
    [
      [1, 'failed'],
      [5.9, 'failed'],
      [6, 'served'],
    ],
    [],
  ],
  [
    'one that lasts, once',
    [
      [1, 'failed'],
      [6, 'failed'],
      [9, 'failed'],
      [12, 'served'],
      [13, 'served'],
    ],
    [begun, 'The API server serves again, after 11 s.'],
  ],
  [
    'failures with answers between them',
    [
      [1, 'failed'],
      [3, 'served'],
      [7, 'failed'],
      [11, 'failed'],
      [12, 'served'],
    ],
    [],
  ],
])('tells of %s', (_, happened, lines) => {
  expect(told(...happened)).toEqual(lines)
})
