import { describe, expect, it } from '@jest/globals'
import { decideWatch, newWatch, type WatchAnswer } from '../decide/watch.ts'
import { appendPhase } from './append.ts'
import { recordOf } from './record.fixture.ts'
import { isLive, troublesOf, watchStateOf } from './watch.ts'

const at = Date.parse('2026-11-23T10:10:00Z')
const limits = { until: at + 3_600_000, holdMs: 600_000 }

describe('the state of a watch in the record', () => {
  it('comes back as it was', () => {
    const answer = (gate: string, verdict: WatchAnswer['verdict']): WatchAnswer => ({
      gate,
      verdict,
      answer: 'x',
    })
    const looks: WatchAnswer[][] = [
      [answer('a', 'unknown'), answer('b', 'fail')],
      [answer('a', 'pass'), answer('b', 'fail')],
    ]
    let state = newWatch
    for (const [index, answers] of looks.entries())
      ({ state } = decideWatch(state, answers, at + index * 30_000, limits))
    const kept = {
      stage: 'critical',
      since: new Date(at).toISOString(),
      until: new Date(limits.until).toISOString(),
      lookedAt: new Date(at + 30_000).toISOString(),
      troubles: troublesOf(state),
      gates: [],
    } as const
    expect(watchStateOf({ ...kept, gates: [], troubles: [...kept.troubles] })).toEqual(state)
  })
})

describe('isLive', () => {
  const ended = (
    phase: 'validate' | 'important' | 'finish',
    outcome: 'passed' | 'held',
    record = recordOf(),
  ) => appendPhase(record, { phase, outcome, reason: '', startedAt: new Date(at), endedAt: new Date(at) })

  it.each([
    ['was validated only', ended('validate', 'passed'), false],
    ['was watched and held', ended('important', 'held'), false],
    ['was watched to the end', ended('important', 'passed'), true],
    ['was recorded after that', ended('finish', 'passed', ended('important', 'passed')), true],
    ['has done nothing', recordOf(), false],
  ])('a release that %s', (_, record, live) => {
    expect(isLive(record)).toBe(live)
  })
})
