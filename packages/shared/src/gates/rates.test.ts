import { describe, expect, it } from '@jest/globals'
import { quietPipeline } from '../metrics/metrics.fixture.ts'
import { dlqRate } from './dlq-rate.ts'
import { downloadSuccess } from './download-success.ts'
import { askGate, atMinute, components } from './metric-gates.fixture.ts'
import { retryRate } from './retry-rate.ts'

const pipeline = () => quietPipeline(...components)

describe('retry-rate', () => {
  it('is only measured before the deployment', async () => {
    expect(await askGate(retryRate, undefined, { occasion: 'preflight', at: 0 })).toMatchObject({
      verdict: 'pass',
      answer: '270 retries for 90,000 messages of the pipeline (0.3 %).',
      limit: 'measured only',
      baseline: { median: 0.3, mad: 0, unit: '%', points: 30 },
    })
  })

  it('passes below the floor, and below what was normal', async () => {
    expect(await askGate(retryRate)).toMatchObject({ verdict: 'pass', limit: '< 1 %' })
    const busy = pipeline().counter('kafka_retries_total', 40, ...components)
    const baseline = { median: 4, mad: 0.1 }
    expect(await askGate(retryRate, busy, { baseline })).toMatchObject({ verdict: 'pass', limit: '< 4.44 %' })
  })

  it('fails for a spike, also of a rate above one', async () => {
    const spike = pipeline().counter('kafka_retries_total', 3_000, ...components)
    expect(await askGate(retryRate, spike, { baseline: { median: 4, mad: 0.1 } })).toMatchObject({
      verdict: 'fail',
      value: '300 %',
    })
  })

  it('bears bursts that were there before', async () => {
    const bursts = pipeline().counter(
      'kafka_retries_total',
      (at) => (at % 300_000 === 0 ? 200 : 0),
      ...components,
    )
    const result = await askGate(retryRate, bursts, { baseline: { median: 0, mad: 0, dispersion: 60 } })
    expect(result.verdict).not.toBe('fail')
  })

  it('triggers where the runbook file says so', async () => {
    const runbook = 'rollback: { triggers: [{ gate: retry-rate, above: 20%, for: 5m }] }'
    const spike = pipeline().counter('kafka_retries_total', 300, ...components)
    expect((await askGate(retryRate, spike, { runbook })).trigger).toBe(
      'above 20 % for 5 min: 30 % to 30 % in the pipeline (10:40–10:45 UTC).',
    )
  })
})

describe('dlq-rate', () => {
  it('is only measured before the deployment', async () => {
    expect(await askGate(dlqRate, undefined, { occasion: 'preflight', at: 0 })).toMatchObject({
      verdict: 'pass',
      answer: '0 dead letters of the pipeline in 30 min (0 per min).',
      baseline: { median: 0, unit: 'per minute' },
    })
  })

  it('passes without dead letters, and with as many as before', async () => {
    expect(await askGate(dlqRate)).toMatchObject({ verdict: 'pass', limit: '< 1 per min' })
    const usual = pipeline().counter('kafka_dlq_messages_total', 4, 'download-worker')
    expect(await askGate(dlqRate, usual, { baseline: { median: 4, mad: 1 } })).toMatchObject({
      verdict: 'pass',
      before: '4 per min',
      limit: '< 8.4 per min',
    })
  })

  it('fails for a spike', async () => {
    const spike = pipeline().counter(
      'kafka_dlq_messages_total',
      (at) => (at > atMinute(10).getTime() ? 20 : 0),
      'download-worker',
    )
    expect(await askGate(dlqRate, spike)).toMatchObject({ verdict: 'fail', value: '20 per min' })
  })

  it('knows of none where the counter appears with the first one', async () => {
    const metrics = pipeline()
    metrics.counters.delete('kafka_dlq_messages_total')
    expect(
      await askGate(dlqRate, metrics, { runbook: 'gates: { dlq-rate: { absent: zero } }' }),
    ).toMatchObject({
      verdict: 'pass',
      value: '0 per min',
    })
    expect((await askGate(dlqRate, metrics)).answer).toContain(
      '`gates.dlq-rate.dead` in the runbook file matches nothing',
    )
  })

  it('does not pass where nothing is measured', async () => {
    const metrics = pipeline().counter('kafka_dlq_messages_total', () => undefined, ...components)
    expect((await askGate(dlqRate, metrics)).verdict).toBe('unknown')
  })
})

describe('download-success', () => {
  const succeeding = (perMinute: number) =>
    pipeline().counter('downloads_total{outcome="success"}', perMinute, ...components)

  it('keeps what is normal before the deployment, and must be above the limit there, too', async () => {
    expect(await askGate(downloadSuccess, undefined, { occasion: 'preflight', at: 0 })).toMatchObject({
      verdict: 'pass',
      answer: '99.5 % of 90,000 downloads of the pipeline succeeded.',
      value: '99.5 %',
      limit: '> 95 %',
      baseline: { median: 99.5, unit: '%' },
    })
    expect((await askGate(downloadSuccess, succeeding(900), { occasion: 'preflight', at: 0 })).verdict).toBe(
      'fail',
    )
  })

  it.each([
    [995, 99.5, 'pass', '> 98.5 %'],
    [988, 99.5, 'pass', '> 98.5 %'],
    [975, 99.5, 'fail', '> 98.5 %'],
    [965, 95.5, 'pass', '> 95 %'],
    [930, 95.5, 'fail', '> 95 %'],
  ])('of %d in 1,000, before %d %%, is %s (%s)', async (successes, median, verdict, limit) => {
    const result = await askGate(downloadSuccess, succeeding(successes), { baseline: { median } })
    expect(result).toMatchObject({ verdict, limit, value: `${successes / 10} %`, before: `${median} %` })
  })

  it('draws what succeeds, with its limit', async () => {
    const { history } = await askGate(downloadSuccess)
    expect(history).toMatchObject({ unit: '%', limit: 95 })
    expect(history?.values[0]).toBeCloseTo(99.5, 6)
  })

  it('fails where no download succeeds any more, so that nobody counts successes', async () => {
    const metrics = pipeline()
    metrics.counters.delete('downloads_total{outcome="success"}')
    expect(await askGate(downloadSuccess, metrics, { baseline: { median: 99 } })).toMatchObject({
      verdict: 'fail',
      value: '0 %',
    })
    expect((await askGate(downloadSuccess, metrics, { occasion: 'preflight', at: 0 })).answer).toContain(
      '`gates.download-success.successes`',
    )
  })

  it('triggers below a share', async () => {
    const runbook = 'rollback: { triggers: [{ gate: download-success, below: 90%, for: 5m }] }'
    expect((await askGate(downloadSuccess, succeeding(850), { runbook })).trigger).toBe(
      'below 90 % for 5 min: 85 % to 85 % in the pipeline (10:40–10:45 UTC).',
    )
    expect((await askGate(downloadSuccess, succeeding(905), { runbook })).trigger).toBeUndefined()
  })
})

describe('a component that sleeps as it may, in the numbers of the whole pipeline', () => {
  it.each([
    ['retry-rate', retryRate, ['kafka_messages_consumed_total', 'kafka_retries_total']],
    ['dlq-rate', dlqRate, ['kafka_dlq_messages_total']],
  ])('is no gap of %s', async (_, gate, series) => {
    const asleep = pipeline()
    for (const name of series) asleep.counter(name, () => undefined, 'result-processor')
    expect((await askGate(gate, asleep)).verdict).toBe('unknown')
    expect((await askGate(gate, asleep, { sleepers: ['result-processor'] })).verdict).toBe('pass')
  })
})
