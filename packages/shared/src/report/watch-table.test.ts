import { describe, expect, it } from '@jest/globals'
import type { GateResult } from '../record/gate-result.ts'
import { healedLines, openAnswers, watchTable } from './watch-table.ts'

const errors: GateResult = {
  gate: 'error-rate',
  question: 'Error rate: Should stay < 1%',
  verdict: 'pass',
  answer: 'It is low.',
  before: '0.4 %',
  value: '0.3 %',
  limit: '< 1 %',
  history: {
    from: '2026-11-23T10:10:00.000Z',
    stepMs: 30_000,
    values: [0.4, 0.3, null, 0.2],
    unit: '%',
    limit: 1,
  },
  evidence: [],
  at: '2026-11-23T10:15:00.000Z',
  tookMs: 12,
}
const lag: GateResult = {
  ...errors,
  gate: 'consumer-lag',
  verdict: 'unknown',
  answer: 'The broker | does not answer.',
  history: undefined,
}

describe('watchTable', () => {
  it('shows before, now, how it went and the limit, the worst first', () => {
    expect(watchTable([errors, lag]).split('\n')).toEqual([
      '|  | Before | Now | Since | Limit |  |',
      '|---|--:|--:|---|--:|:-:|',
      // Invisible: what looks like the number of a list is broken.
      '| consumer lag | 0.4 % | 0.3 % |  | &lt; 1 % | ❓ |',
      '| error rate | 0.4 % | 0.3 % | ▃▃·▂ | &lt; 1 % | ✅ |',
    ])
  })
})

describe('openAnswers', () => {
  it('says what has no good answer, and nothing of the rest', () => {
    expect(openAnswers([errors, lag])).toBe('- ❓ consumer-lag is unknown: The broker \\| does not answer.')
  })

  it('does not repeat what was told', () => {
    expect(openAnswers([errors, lag], 'consumer-lag: The broker | does not answer.')).toBe('')
  })
})

describe('healedLines', () => {
  it('says when nothing was known, and when a limit was broken; what lasts stands elsewhere', () => {
    const since = '2026-11-23T10:41:00.000Z'
    const until = '2026-11-23T10:45:00.000Z'
    const lines = healedLines(
      [
        { gate: 'error-rate', kind: 'missing', answer: 'Prometheus is away.', since, until },
        { gate: 'consumer-lag', kind: 'breached', answer: 'It is 6,000.', since, until },
        { gate: 'dlq-rate', kind: 'missing', answer: 'No traffic.', since },
      ],
      'UTC',
    )
    expect(lines.split('\n')).toEqual([
      '- ⚠️ error-rate was not known for 4 min, 10:41–10:45 UTC: Prometheus is away. Nothing was concluded from that time.',
      '- ⚠️ consumer-lag broke its limit for 4 min, 10:41–10:45 UTC: It is 6,000. It has recovered.',
    ])
  })

  it('does not call recovered what was not known afterwards', () => {
    const breached = {
      gate: 'error-rate',
      kind: 'breached',
      answer: 'It is 2 %.',
      since: '2026-11-23T10:41:05.000Z',
      until: '2026-11-23T10:41:19.000Z',
    } as const
    const missing = { ...breached, kind: 'missing', answer: 'Prometheus is away.' } as const
    const after = { ...missing, since: breached.until, until: '2026-11-23T10:50:00.000Z' }
    expect(healedLines([breached, after], 'UTC').split('\n')[0]).toBe(
      '- ⚠️ error-rate broke its limit for 14 s, 10:41:05–10:41:19 UTC: It is 2 %. Then it was not known.',
    )
  })

  it('does not call broken what may have been chance', () => {
    const since = '2026-11-23T10:41:00.000Z'
    const until = '2026-11-23T10:45:00.000Z'
    const undecided = {
      gate: 'dlq-rate',
      kind: 'undecided',
      answer: 'It is 1.2 per min.',
      since,
      until,
    } as const
    const said =
      '- ⚠️ dlq-rate was at its limit, perhaps by chance, for 4 min, 10:41–10:45 UTC: It is 1.2 per min.'
    expect(healedLines([undecided], 'UTC')).toBe(`${said} It has recovered.`)
    const { until: _, ...lasting } = undecided
    const breached = { ...lasting, kind: 'breached', since: until } as const
    expect(healedLines([undecided, breached], 'UTC')).toBe(`${said} Then it broke its limit.`)
  })
})
