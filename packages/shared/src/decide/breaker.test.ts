import { describe, expect, it } from '@jest/globals'
import { judgeBreaker } from './breaker.ts'

const rules = { closed: 0, open: 2, openSamples: 2, openings: 2, openingsWithinMs: 300, seenSince: 0 }
/** One sample every 30; `C` closed, `H` half-open, `O` open, `.` a gap; what is before `|` was before the watch. */
function judge(text: string, more = {}) {
  const since = text.indexOf('|') * 30 - 15
  const values: Record<string, number> = { C: 0, H: 1, O: 2 }
  const history = Array.from(text.replace('|', '')).map((letter, index) => ({
    at: index * 30,
    value: values[letter],
  }))
  return judgeBreaker(history, since, { ...rules, ...more })
}

describe('judgeBreaker', () => {
  it.each<[string, string, string | undefined, string | undefined]>([
    ['stays closed', 'CC|CCCC', 'closed', undefined],
    ['opens for one sample', 'CC|CCOC', 'closed', undefined],
    ['is open in one sample now', 'CC|CCCO', 'open', undefined],
    ['is open in two in a row', 'CC|CCOO', 'open', 'lasting'],
    ['has been, and is closed again', 'CC|COOC', 'closed', 'lasting'],
    ['opens twice', 'CC|COCOC', 'closed', 'repeated'],
    ['opens twice by way of half-open', 'CC|COHO', 'open', 'repeated'],
    ['opens twice, far apart', 'CC|COCCCCCCCCCCCCO', 'open', undefined],
    ['was open before, and stays', 'CO|OOOO', 'open', undefined],
    ['was open before, closes and opens', 'CO|OCOO', 'open', 'lasting'],
    ['is half-open', 'CC|CCCH', 'half-open', undefined],
    ['is new and open', '..|.OO', 'open', 'lasting'],
    ['has a gap between two open samples', 'CC|CO.O', 'open', 'lasting'],
    ['has a gap at the end', 'CC|CC..', 'closed', undefined],
    ['was never seen', '..|....', undefined, undefined],
  ])('%s: %s', (_, text, now, how) => {
    const judged = judge(text)
    expect([judged.now, judged.opened?.how]).toEqual([now, how])
  })

  it.each<[string, string, string | undefined, string | undefined]>([
    ['is gone with its pod, and was open', 'OO|.....', undefined, undefined],
    ['opened before its pod went', 'CC|OO...', undefined, 'lasting'],
    ['has a gap that is too long', 'CC|CC...', undefined, undefined],
    ['has a short gap', 'CC|CCC..', 'closed', undefined],
  ])('knows nothing of now where it %s', (_, text, now, how) => {
    const judged = judge(text, { seenSince: 4 * 30 })
    expect([judged.now, judged.opened?.how]).toEqual([now, how])
  })

  it('says when it opened', () => {
    expect(judge('CC|COO').opened?.at).toBe(4 * 30)
  })

  it('heeds the runbook’s own numbers', () => {
    expect(judge('CC|COO', { openSamples: 3 }).opened).toBeUndefined()
    expect(judge('CC|COOO', { openSamples: 3 }).opened).toMatchObject({ how: 'lasting' })
    expect(judge('CC|CHH', { open: 1 }).opened).toMatchObject({ how: 'lasting' })
  })
})
