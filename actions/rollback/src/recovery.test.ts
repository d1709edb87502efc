import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { verdicts, type Verdict } from '@runbook-actions/shared/decide/verdict.ts'
import type { GateResult } from '@runbook-actions/shared/record/gate-result.ts'
import { decideRecovery } from './recovery.ts'

function answer(gate: string, verdict: Verdict): GateResult {
  return { gate, verdict, question: '?', answer: `${gate} is ${verdict}`, evidence: [], at: '', tookMs: 1 }
}

describe('decideRecovery', () => {
  it('waits for what may change, and not for what cannot be asked from here', () => {
    const unset = { ...answer('latency-p95', 'unknown'), isLasting: true } as const
    expect(decideRecovery([answer('consumer-lag', 'pass'), unset], false)).toEqual({
      do: 'end',
      how: 'not-shown',
      open: [unset],
    })
    const broken = answer('error-rate', 'fail')
    expect(decideRecovery([broken, unset], false)).toEqual({ do: 'wait', open: [broken] })
    expect(decideRecovery([broken, unset], true)).toMatchObject({ how: 'not-recovered' })
  })

  const wait = { do: 'wait' }
  it.each<[string, [string, Verdict][], object, object]>([
    ['all well', [['error-rate', 'pass']], { how: 'recovered' }, { how: 'recovered' }],
    ['nothing to measure with', [['error-rate', 'skipped']], { how: 'recovered' }, { how: 'recovered' }],
    ['errors go on', [['error-rate', 'fail']], wait, { how: 'not-recovered' }],
    ['Prometheus is away', [['error-rate', 'unknown']], wait, { how: 'not-shown' }],
    ['no traffic', [['error-rate', 'inconclusive']], wait, { how: 'not-shown' }],
    [
      'lag above its limit, falling',
      [
        ['consumer-lag', 'fail'],
        ['lag-trend', 'pass'],
      ],
      { how: 'recovering' },
      { how: 'recovering' },
    ],
    [
      'lag above its limit, growing',
      [
        ['consumer-lag', 'fail'],
        ['lag-trend', 'fail'],
      ],
      wait,
      { how: 'not-recovered' },
    ],
    [
      'lag low, its trend not known yet after the rebalance',
      [
        ['consumer-lag', 'pass'],
        ['lag-trend', 'inconclusive'],
      ],
      { how: 'recovered' },
      { how: 'recovered' },
    ],
    [
      'lag falls, errors do not',
      [
        ['consumer-lag', 'fail'],
        ['lag-trend', 'pass'],
        ['error-rate', 'fail'],
      ],
      wait,
      { how: 'not-recovered' },
    ],
  ])('%s', (_, answers, early, late) => {
    const given = answers.map(([gate, verdict]) => answer(gate, verdict))
    expect(decideRecovery(given, false)).toMatchObject(early)
    expect(decideRecovery(given, true)).toMatchObject(late)
  })

  const answers = fc.array(
    fc
      .tuple(
        fc.constantFrom('error-rate', 'consumer-lag', 'lag-trend', 'restarts'),
        fc.constantFrom(...verdicts),
      )
      .map(([gate, verdict]) => answer(gate, verdict)),
  )

  it('always ends when the time is over, and never calls a failed gate recovered', () => {
    fc.assert(
      fc.property(answers, (given) => {
        const decision = decideRecovery(given, true)
        expect(decision.do).toBe('end')
        const others = given.filter(({ gate }) => gate !== 'lag-trend' && gate !== 'consumer-lag')
        if (decision.do === 'end' && others.some(({ verdict }) => verdict === 'fail'))
          expect(decision.how).toBe('not-recovered')
      }),
    )
  })
})
