import { describe, expect, it } from '@jest/globals'
import { FakeMetrics } from '../metrics/metrics.fixture.ts'
import { circuitBreaker } from './circuit-breaker.ts'
import { askGate, atMinute } from './metric-gates.fixture.ts'

const name = 'circuit_breaker_state'
const closed = () => new FakeMetrics(30_000).gauge(name, { breaker: 'kafka', pod: 'a' }, 0)
/** A breaker that is in a state from one minute of the watch to another, else closed. */
const breaker = (state: number, from: number, to = 100) =>
  closed().gauge(name, { breaker: 'onelake', pod: 'b' }, (at) =>
    at >= atMinute(from).getTime() && at < atMinute(to).getTime() ? state : 0,
  )

describe('circuit-breaker', () => {
  it('passes while all stay closed', async () => {
    expect(await askGate(circuitBreaker, closed())).toMatchObject({
      verdict: 'pass',
      answer: 'All 1 breakers stayed closed.',
      value: '1/1 closed',
      limit: 'CLOSED',
    })
  })

  it('triggers when one opens, and goes on to say so when it has closed again', async () => {
    for (const to of [100, 12]) {
      const result = await askGate(circuitBreaker, breaker(2, 10, to))
      expect(result).toMatchObject({
        verdict: 'fail',
        answer: '1 of 2 breakers opened: breaker=onelake pod=b opened at 10:40 UTC.',
        trigger: 'breaker=onelake pod=b opened at 10:40 UTC.',
      })
    }
  })

  it('does not trigger where the runbook file does not say so', async () => {
    const runbook = 'rollback: { triggers: [{ gate: restarts, above: 3 }] }'
    const result = await askGate(circuitBreaker, breaker(2, 10), { runbook })
    expect([result.verdict, result.trigger]).toEqual(['fail', undefined])
  })

  it('names one of several', async () => {
    const metrics = breaker(1, 12).gauge(name, { breaker: 'onelake', pod: 'c' }, 1)
    expect((await askGate(circuitBreaker, metrics)).answer).toBe(
      'Not all breakers are closed: breaker=onelake pod=b is half-open, and 1 more.',
    )
  })

  it.each([
    ['open for one sample so far', breaker(2, 15), 'breaker=onelake pod=b is open'],
    ['half-open', breaker(1, 12), 'breaker=onelake pod=b is half-open'],
    ['open since before the rollout', breaker(2, -30), 'breaker=onelake pod=b is open'],
  ])('waits where one is %s', async (_, metrics, state) => {
    const result = await askGate(circuitBreaker, metrics)
    expect(result).toMatchObject({
      verdict: 'inconclusive',
      answer: `Not all breakers are closed: ${state}.`,
    })
    expect(result.trigger).toBeUndefined()
  })

  it('leaves out what is gone: an open breaker of the release before holds nobody up', async () => {
    const metrics = closed().gauge(name, { breaker: 'onelake', pod: 'old' }, (at) =>
      at < atMinute(0).getTime() ? 2 : undefined,
    )
    expect(await askGate(circuitBreaker, metrics)).toMatchObject({ verdict: 'pass', value: '1/1 closed' })
  })

  it('does not pass where nobody reports any more', async () => {
    const metrics = new FakeMetrics(30_000).gauge(name, { breaker: 'kafka', pod: 'a' }, (at) =>
      at < atMinute(5).getTime() ? 0 : undefined,
    )
    expect(await askGate(circuitBreaker, metrics)).toMatchObject({
      verdict: 'inconclusive',
      answer: 'No pod reports the state of its breakers any more.',
    })
  })

  it('forgives one open sample', async () => {
    expect((await askGate(circuitBreaker, breaker(2, 10, 10.5))).verdict).toBe('pass')
  })

  it('says that the runbook file names no gauge', async () => {
    expect((await askGate(circuitBreaker, new FakeMetrics())).answer).toContain(
      '`gates.circuit-breaker.state` in the runbook file matches nothing',
    )
  })

  it('may be a query of the team', async () => {
    const metrics = new FakeMetrics(30_000)
    metrics.queries.set('max(state)', (at) => (at >= atMinute(10).getTime() ? 1 : 0))
    const runbook = 'gates: { circuit-breaker: { query: "max(state)", open: 1 } }'
    expect((await askGate(circuitBreaker, metrics, { runbook })).verdict).toBe('fail')
  })
})
