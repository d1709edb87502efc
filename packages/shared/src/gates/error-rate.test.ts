import { describe, expect, it } from '@jest/globals'
import { UserError } from '../errors.ts'
import { QueryRejected } from '../metrics/explain-monitoring.ts'
import { FakeMetrics, quietPipeline } from '../metrics/metrics.fixture.ts'
import { errorRate } from './error-rate.ts'
import { askGate, atMinute, components, minute } from './metric-gates.fixture.ts'

const messages = 'kafka_messages_consumed_total'
const errors = 'kafka_processing_errors_total'

/** A pipeline whose download-worker fails so often. */
const failing = (perMinute: number | ((at: number) => number | undefined)) =>
  quietPipeline(...components).counter(errors, perMinute, 'download-worker')

describe('error-rate in a watch', () => {
  it('passes while few messages fail, and shows how it went', async () => {
    const result = await askGate(errorRate, undefined, { baseline: { median: 0.2 } })
    expect(result).toMatchObject({
      verdict: 'pass',
      answer: '0.2 % of 15,000 messages of event-ingester failed.',
      value: '0.2 %',
      limit: '< 1 %',
      before: '0.2 %',
      query: `by hand ${errors} / by hand ${messages}`,
    })
    expect(result.evidence).toEqual(
      components.map((name) => `${name}: 0.2 % of 15,000 messages of ${name} failed, 10:30–10:45 UTC`),
    )
    expect(result.history).toEqual({
      from: atMinute(1).toISOString(),
      stepMs: minute,
      values: Array.from({ length: 15 }, () => 0.2),
      unit: '%',
      limit: 1,
    })
    expect([result.trigger, result.baseline]).toEqual([undefined, undefined])
  })

  it('fails for one component that fails, however much the others handle', async () => {
    const result = await askGate(errorRate, failing(20))
    expect(result).toMatchObject({ verdict: 'fail', value: '2 %' })
    expect(result.answer).toMatch(
      /^2 % of 15,000 messages of download-worker failed \(10:30–10:45 UTC\); chance does not explain it: it is at least 1\.6\d %\.$/,
    )
    expect(result.trigger).toBeUndefined()
  })

  it('is not decided where it reaches its limit and chance may explain it', async () => {
    const reached = await askGate(errorRate, failing(10))
    expect(reached).toMatchObject({ verdict: 'inconclusive', mayBeChance: true })
    expect(reached.answer).toContain('that is not below the limit, and may be by chance.')
    const silent = await askGate(errorRate, quietPipeline(...components).counter(messages, 0, ...components))
    expect([silent.verdict, silent.mayBeChance]).toEqual(['inconclusive', undefined])
  })

  it('passes a component over that sleeps as it may, and fails it where it does not', async () => {
    const counts = (perMinute: number | undefined) =>
      quietPipeline(...components).counter(messages, () => perMinute, 'result-processor')
    const sleepers = ['result-processor']
    expect((await askGate(errorRate, counts(undefined))).verdict).toBe('unknown')
    const result = await askGate(errorRate, counts(undefined), { sleepers })
    expect([result.verdict, result.answer]).toEqual([
      'pass',
      '0.2 % of 15,000 messages of event-ingester failed.',
    ])
    expect((await askGate(errorRate, counts(0), { sleepers })).verdict).toBe('pass')
    const failing = counts(1_000).counter(errors, 50, 'result-processor')
    expect((await askGate(errorRate, failing, { sleepers })).verdict).toBe('fail')
    // Where nothing at all is shown, nobody has to sleep for it to be so.
    const none = quietPipeline(...components).counter(messages, () => undefined, ...components)
    expect((await askGate(errorRate, none, { sleepers: components })).verdict).toBe('unknown')
  })

  it('triggers when it is above 5 % for 5 min, and not before', async () => {
    const bad = failing((at) => (at > atMinute(5).getTime() ? 100 : 2))
    expect((await askGate(errorRate, bad, { at: 9 })).trigger).toBeUndefined()
    expect((await askGate(errorRate, bad, { at: 10 })).trigger).toBe(
      'above 5 % for 5 min: 10 % to 10 % in download-worker (10:35–10:40 UTC).',
    )
  })

  it('triggers through one gap, not through many', async () => {
    const gaps = (minutes: number[]) =>
      failing((at) => (minutes.includes((at - atMinute(0).getTime()) / minute) ? undefined : 100))
    expect((await askGate(errorRate, gaps([13]))).trigger).toContain('above 5 % for 5 min')
    expect((await askGate(errorRate, gaps([12, 13]))).trigger).toBeUndefined()
  })

  it.each<[string, FakeMetrics, number, string, string]>([
    [
      'nothing is measured yet',
      quietPipeline(...components),
      0,
      'inconclusive',
      'The first 1 min are not measured yet.',
    ],
    [
      'nothing is handled',
      quietPipeline(...components).counter(messages, 0, ...components),
      15,
      'inconclusive',
      'No messages of event-ingester (10:30–10:45 UTC): nothing is shown.',
    ],
    [
      'too little is handled',
      quietPipeline(...components).counter(messages, 2, 'download-worker'),
      15,
      'inconclusive',
      'Only 30 messages of download-worker (10:30–10:45 UTC): at least 50 are needed to say.',
    ],
    [
      'traffic has stopped',
      quietPipeline(...components).counter(
        messages,
        (at) => (at > atMinute(8).getTime() ? 0 : 1000),
        'download-worker',
      ),
      15,
      'inconclusive',
      'No messages of download-worker any more (10:40–10:45 UTC): nothing is shown.',
    ],
    [
      'much is not measured',
      quietPipeline(...components).counter(
        messages,
        (at) => (at > atMinute(12).getTime() ? undefined : 1000),
        'download-worker',
      ),
      15,
      'unknown',
      'Of download-worker only 40 % of the time (10:40–10:45 UTC) was measured.',
    ],
  ])('does not pass where %s', async (_, metrics, at, verdict, answer) => {
    expect(await askGate(errorRate, metrics, { at })).toMatchObject({ verdict, answer })
  })

  it('says that the new release reports nothing any more', async () => {
    const result = await askGate(errorRate, new FakeMetrics(), { baseline: { median: 0.2 } })
    expect(result).toMatchObject({
      verdict: 'inconclusive',
      answer: `No pod has the series ${messages} any more; before the deployment there was one.`,
    })
  })

  it('is unknown, with the reason, where the source does not answer', async () => {
    const metrics = quietPipeline(...components)
    metrics.failure = new UserError('Prometheus at x refuses connections: nothing listens there.', 'Look.')
    expect(await askGate(errorRate, metrics)).toMatchObject({
      verdict: 'unknown',
      answer: 'Could not be measured: Prometheus at x refuses connections: nothing listens there.',
      evidence: ['Look.'],
    })
  })
})

describe('error-rate before a deployment', () => {
  it('keeps what is normal', async () => {
    const result = await askGate(errorRate, undefined, { occasion: 'preflight', at: 0 })
    expect(result.verdict).toBe('pass')
    expect(result.baseline).toEqual({
      from: atMinute(-30).toISOString(),
      to: atMinute(0).toISOString(),
      median: 0.2,
      mad: 0,
      points: 30,
      dispersion: 1,
      worst: expect.closeTo(0.294, 2) as unknown,
      unit: '%',
      source: 'the test’s metrics',
    })
  })

  it('says so where the source knows only what the pods have counted since they began', async () => {
    const metrics = quietPipeline(...components)
    const counted = metrics.counted.bind(metrics)
    metrics.counted = async (series, span, signal) => {
      const all = await counted(series, span, signal)
      const lifetime = { from: atMinute(-24 * 60).getTime(), at: atMinute(0).getTime() }
      return new Map(
        [...all].map(([of]) => [of, [{ ...lifetime, value: series.name === errors ? 4 : 2000 }]]),
      )
    }
    expect(await askGate(errorRate, metrics, { occasion: 'preflight', at: 0 })).toMatchObject({
      verdict: 'pass',
      answer: '0.2 % of 2,000 messages of event-ingester failed (in the 1 d since the pods began).',
      baseline: { median: 0.2, points: 1 },
    })
  })

  it('fails on a production that is unwell', async () => {
    expect((await askGate(errorRate, failing(15), { occasion: 'preflight', at: 0 })).verdict).toBe('fail')
  })

  it.each([
    [
      messages,
      '`gates.error-rate.messages` in the runbook file matches nothing: the test’s metrics knows no series `kafka_messages_consumed_total` of the pipeline’s pods.',
      'Mend the name and its labels, or switch the gate off (`mode: off`).',
    ],
    [
      errors,
      '`gates.error-rate.errors` in the runbook file matches nothing: the test’s metrics knows no series `kafka_processing_errors_total` of the pipeline’s pods.',
      'Mend the name and its labels (or say `absent: zero`, if the counter appears only with its first event), or switch the gate off (`mode: off`).',
    ],
  ])('says that the runbook file names nothing: %s', async (name, problem, next) => {
    const metrics = quietPipeline(...components)
    metrics.counters.delete(name)
    expect(await askGate(errorRate, metrics, { occasion: 'preflight', at: 0 })).toMatchObject({
      verdict: 'unknown',
      answer: `Could not be measured: ${problem}`,
      evidence: [next],
    })
  })

  it('takes a counter that may not exist yet for zero', async () => {
    const metrics = quietPipeline(...components)
    metrics.counters.delete(errors)
    const runbook = 'gates: { error-rate: { absent: zero } }'
    expect(await askGate(errorRate, metrics, { occasion: 'preflight', at: 0, runbook })).toMatchObject({
      verdict: 'pass',
      value: '0 %',
    })
  })

  it('is not enough where one component lacks the counter that the others have', async () => {
    const metrics = quietPipeline(...components)
    metrics.counters.get(errors)!.delete('result-processor')
    expect(await askGate(errorRate, metrics)).toMatchObject({
      verdict: 'inconclusive',
      answer:
        'result-processor has no series kafka_processing_errors_total: nothing is shown (or say `absent: zero`, if the counter appears only with its first event).',
    })
  })
})

describe('error-rate by a query of the team', () => {
  const runbook = 'gates: { error-rate: { query: "my_ratio{$selector}" } }'
  const own = (value: (at: number) => number | undefined) => {
    const metrics = quietPipeline(...components)
    metrics.queries.set('my_ratio{$selector}', value)
    return metrics
  }

  it('holds its values against the limit', async () => {
    const good = await askGate(
      errorRate,
      own(() => 0.004),
      { runbook },
    )
    expect(good).toMatchObject({ verdict: 'pass', value: '0.4 %', query: 'my_ratio{$selector}' })
    expect(
      await askGate(
        errorRate,
        own(() => 0.03),
        { runbook },
      ),
    ).toMatchObject({ verdict: 'fail', value: '3 %' })
    expect(
      (
        await askGate(
          errorRate,
          own(() => undefined),
          { runbook },
        )
      ).verdict,
    ).toBe('unknown')
  })

  it('triggers like the built one', async () => {
    expect(
      (
        await askGate(
          errorRate,
          own(() => 0.1),
          { runbook },
        )
      ).trigger,
    ).toBe('above 5 % for 5 min: 10 % to 10 % (10:40–10:45 UTC).')
  })

  it('names the key where it is wrong', async () => {
    const metrics = quietPipeline(...components)
    metrics.failure = new QueryRejected('1:3: parse error: unexpected "}"')
    expect((await askGate(errorRate, metrics, { runbook })).answer).toBe(
      'Could not be measured: `gates.error-rate.query` in the runbook file is not accepted: 1:3: parse error: unexpected "}"',
    )
  })
})
