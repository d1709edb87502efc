import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { verdicts, type Verdict } from './verdict.ts'
import { decideWatch, newWatch, unknownMs, type WatchAnswer, type WatchState } from './watch.ts'

const minute = 60_000
const limits = { until: 15 * minute, holdMs: 10 * minute }

function answer(verdict: Verdict, more: Partial<WatchAnswer> = {}): WatchAnswer {
  return { gate: 'error-rate', verdict, answer: `It is ${verdict}.`, ...more }
}

/** Looks once a minute, one column for each minute; what happens at the end. */
function play(looks: readonly (readonly WatchAnswer[])[]) {
  let state: WatchState = newWatch
  for (const [index, answers] of looks.entries()) {
    const at = index * minute
    const { state: next, decision } = decideWatch(state, answers, at, limits)
    state = next
    if (decision.do === 'end') return { minute: index, ...decision, state }
  }
  return { minute: looks.length, outcome: undefined, reason: '', state }
}

const times = (count: number, ...answers: readonly WatchAnswer[]) =>
  Array.from({ length: count }, () => answers)

describe('decideWatch', () => {
  it('passes at its end and not before', () => {
    expect(play(times(30, answer('pass')))).toMatchObject({ outcome: 'passed', minute: 15 })
  })

  it('goes back at once where a trigger holds, whatever else is unknown', () => {
    const looks = [
      ...times(3, answer('pass')),
      [answer('unknown', { gate: 'latency-p95' }), answer('fail', { trigger: 'above 5 % for 5 min.' })],
    ]
    expect(play(looks)).toMatchObject({
      outcome: 'triggered',
      minute: 3,
      reason: 'error-rate: above 5 % for 5 min.',
    })
  })

  it.each<[string, Verdict]>([
    ['a limit that stays broken', 'fail'],
    ['a provider that stays away', 'unknown'],
    ['traffic that stays away', 'inconclusive'],
  ])('holds for a person after the hold: %s', (_, verdict) => {
    const looks = [...times(2, answer('pass')), ...times(30, answer(verdict))]
    expect(play(looks)).toMatchObject({
      outcome: 'held',
      minute: 12,
      reason: `error-rate: It is ${verdict}.`,
    })
  })

  it('gives what may be chance the whole time, and one hold at the end', () => {
    const perhaps = answer('inconclusive', { mayBeChance: true })
    const decided = [...times(2, answer('pass')), ...times(13, perhaps), ...times(9, answer('pass'))]
    expect(play(decided)).toMatchObject({ outcome: 'passed', minute: 15 })
    expect(play(times(40, perhaps))).toMatchObject({ outcome: 'held', minute: 25 })
    const worse = [...times(4, perhaps), ...times(30, answer('fail'))]
    expect(play(worse)).toMatchObject({ outcome: 'held', minute: 14 })
    const thin = [...times(4, perhaps), ...times(30, answer('inconclusive'))]
    expect(play(thin)).toMatchObject({ outcome: 'held', minute: 14 })
  })

  it('goes on where it heals within the hold, and keeps the note', () => {
    const looks = [...times(2, answer('pass')), ...times(9, answer('unknown')), ...times(9, answer('pass'))]
    const end = play(looks)
    expect(end).toMatchObject({ outcome: 'passed', minute: 15 })
    expect(end.state.healed).toEqual([
      {
        gate: 'error-rate',
        kind: 'missing',
        answer: 'It is unknown.',
        since: 2 * minute,
        until: 11 * minute,
      },
    ])
    expect(unknownMs(end.state)).toBe(9 * minute)
  })

  it('does not pass while something is wrong at its end, and waits for that no longer than the hold', () => {
    const heals = [...times(14, answer('pass')), ...times(5, answer('fail')), ...times(9, answer('pass'))]
    expect(play(heals)).toMatchObject({ outcome: 'passed', minute: 19 })
    expect(play([...times(14, answer('pass')), ...times(30, answer('fail'))])).toMatchObject({
      outcome: 'held',
      minute: 24,
    })
  })

  it('counts the hold for each gate and each kind of trouble by itself', () => {
    const looks = [...times(6, answer('unknown')), ...times(6, answer('fail')), ...times(20, answer('pass'))]
    expect(play(looks)).toMatchObject({ outcome: 'passed' })
    const others = [
      ...times(6, answer('unknown')),
      ...times(6, answer('unknown', { gate: 'latency-p95' }), answer('pass')),
      ...times(20, answer('pass')),
    ]
    expect(play(others)).toMatchObject({ outcome: 'passed' })
  })

  it.each<[string, readonly WatchAnswer[]]>([
    ['no gate is asked', []],
    ['every gate is skipped', [answer('skipped')]],
  ])('never passes where %s', (_, answers) => {
    expect(play(times(40, ...answers))).toMatchObject({
      outcome: 'held',
      reason: 'watch: No gate is watched: nothing is shown.',
    })
  })

  const looksOf = fc.array(
    fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.constantFrom(...verdicts)), { maxLength: 3 }),
    { minLength: 40, maxLength: 60 },
  )

  it('ends within the time and one hold, and passes only on good answers', () => {
    fc.assert(
      fc.property(looksOf, (given) => {
        const looks = given.map((each) => each.map(([gate, verdict]) => answer(verdict, { gate })))
        const end = play(looks)
        expect(end.outcome).toBeDefined()
        expect(end.minute).toBeLessThanOrEqual(25)
        expect(end.outcome).not.toBe('triggered')
        if (end.outcome !== 'passed') return
        const last = looks[end.minute]!
        expect(end.minute).toBeGreaterThanOrEqual(15)
        expect(last.some(({ verdict }) => verdict === 'pass' || verdict === 'warn')).toBe(true)
        expect(last.some(({ verdict }) => ['fail', 'unknown', 'inconclusive'].includes(verdict))).toBe(false)
      }),
    )
  })
})

describe('unknownMs', () => {
  it('counts times that overlap once', () => {
    const missing = (gate: string, since: number, until: number) =>
      ({ gate, kind: 'missing', answer: '', since, until }) as const
    const healed = [missing('a', 0, 10), missing('b', 5, 15), missing('c', 20, 30)]
    const breached = { gate: 'd', kind: 'breached', answer: '', since: 0, until: 100 } as const
    expect(unknownMs({ lookedAt: 40, troubles: new Map(), healed: [...healed, breached] })).toBe(25)
    const open = new Map([['a', { since: 35, kind: 'missing', answer: '' }]] as const)
    expect(unknownMs({ lookedAt: 40, troubles: open, healed })).toBe(30)
  })
})
