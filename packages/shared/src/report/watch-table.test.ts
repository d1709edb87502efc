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
      '| consumer lag | 0\u200b.4 % | 0\u200b.3 % |  | &lt; 1 % | ❓ |',
      '| error rate | 0\u200b.4 % | 0\u200b.3 % | ▃▃·▂ | &lt; 1 % | ✅ |',
    ])
  })
})

describe('openAnswers', () => {
  it('says what has no good answer, and nothing of the rest', () => {
    expect(openAnswers([errors, lag])).toBe('- ❓ consumer-lag is unknown: The broker \\| does not answer.')
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
      '- ⚠️ error-rate, 10:41 UTC – 10:45 UTC: Prometheus is away. Held; nothing was concluded from that time.',
      '- ⚠️ consumer-lag, 10:41 UTC – 10:45 UTC: It is 6,000. Held; it has recovered.',
    ])
  })
})
