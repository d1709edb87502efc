import { describe, expect, it } from '@jest/globals'
import { quietPipeline } from '../metrics/metrics.fixture.ts'
import { latencyP95 } from './latency-p95.ts'
import { askGate, atMinute, components } from './metric-gates.fixture.ts'
import { uploadLatency } from './upload-latency.ts'

const processing = 'kafka_processing_duration_seconds'
const uploads = 'onelake_upload_duration_seconds'
/** Counts up to 0.5, 1, 2.5, 5 s and all. */
const slow = [100, 200, 300, 900, 1000]

describe('latency-p95', () => {
  it('passes where less than 5 % are slower than the limit, and shows p95', async () => {
    const result = await askGate(latencyP95, undefined, { baseline: { median: 0.9 } })
    expect(result).toMatchObject({
      verdict: 'pass',
      answer: '0.1 % of 15,000 messages of event-ingester took longer than 5 s.',
      // 95 % of 1,000 lie 50 of 80 into the bucket from 0.5 to 1 s.
      value: '0.813 s',
      before: '0.9 s',
      limit: '< 5 s',
      query: `by hand ${processing}_bucket`,
    })
    expect(result.history).toMatchObject({ unit: 's', limit: 5, stepMs: 60_000 })
    expect(result.history?.values).toHaveLength(15)
  })

  it('fails for one slow component among fast ones', async () => {
    const metrics = quietPipeline(...components)
    metrics.histograms.get(processing)!.set('download-worker', () => slow)
    const result = await askGate(latencyP95, metrics)
    expect(result.verdict).toBe('fail')
    expect(result.answer).toMatch(/^10 % of 15,000 messages of download-worker took longer than 5 s/)
  })

  it('counts by the next lower bucket where none ends at the limit, and says so', async () => {
    const runbook = 'gates: { latency-p95: { max: 4s } }'
    const result = await askGate(latencyP95, undefined, { runbook })
    expect(result.verdict).toBe('pass')
    expect(result.answer).toContain('1 % of 15,000 messages')
    expect(result.evidence).toContain(
      'event-ingester has no bucket at 4 s: counted is what took longer than 2.5 s, which is more.',
    )
  })

  it('cannot say where all buckets end above the limit', async () => {
    const runbook = 'gates: { latency-p95: { max: 0s } }'
    expect((await askGate(latencyP95, undefined, { runbook })).answer).toContain(
      'has no bucket at or below 0 s (it has 0.5 s, 1 s, 2.5 s, 5 s)',
    )
  })

  it('triggers on p95 where the runbook file says so', async () => {
    const runbook = 'rollback: { triggers: [{ gate: latency-p95, above: 2s, for: 5m }] }'
    const metrics = quietPipeline(...components).histogram(processing, slow, 'download-worker')
    expect((await askGate(latencyP95, metrics, { runbook })).trigger).toBe(
      'p95 above 2 s for 5 min: 80 % to 80 % in download-worker (10:40–10:45 UTC).',
    )
    expect((await askGate(latencyP95, undefined, { runbook })).trigger).toBeUndefined()
  })

  it('keeps p95 as what is normal', async () => {
    const { baseline } = await askGate(latencyP95, undefined, { occasion: 'preflight', at: 0 })
    expect(baseline).toMatchObject({ median: 0.8125, mad: 0, points: 30, unit: 's' })
  })

  it('says which key names no histogram', async () => {
    const metrics = quietPipeline(...components)
    metrics.histograms.delete(processing)
    expect((await askGate(latencyP95, metrics, { occasion: 'preflight', at: 0 })).answer).toContain(
      `\`gates.latency-p95.histogram\` in the runbook file matches nothing: the test’s metrics knows no series \`${processing}_bucket\``,
    )
  })
})

describe('upload-latency', () => {
  const baseline = { median: 0.8125, mad: 0.01 }

  it('is only measured before the deployment', async () => {
    const result = await askGate(uploadLatency, undefined, { occasion: 'preflight', at: 0 })
    expect(result).toMatchObject({
      verdict: 'pass',
      answer: '90,000 uploads were measured.',
      limit: 'measured only',
      value: '0.813 s',
      baseline: { median: 0.8125, unit: 's', points: 30 },
    })
    expect(result.history?.limit).toBeUndefined()
  })

  it('passes where uploads are as fast as before', async () => {
    expect(await askGate(uploadLatency, undefined, { baseline })).toMatchObject({
      verdict: 'pass',
      before: '0.813 s',
      value: '0.813 s',
      limit: '< 1.02 s',
    })
  })

  it('fails where p95 has risen by more than the runbook allows', async () => {
    const metrics = quietPipeline(...components).histogram(uploads, [700, 900, 990, 999, 1000], ...components)
    const result = await askGate(uploadLatency, metrics, { baseline })
    expect(result.verdict).toBe('fail')
    expect(result.answer).toMatch(/^about 9\.\d+ % of 45,000 uploads took longer than 1\.02 s/)
  })

  it('bears what was usual noise before', async () => {
    const metrics = quietPipeline(...components).histogram(uploads, [700, 900, 990, 999, 1000], ...components)
    const noisy = { median: 0.8125, mad: 0.4 }
    expect((await askGate(uploadLatency, metrics, { baseline: noisy })).verdict).toBe('pass')
  })

  it('has nothing to compare with where nothing was measured before', async () => {
    expect(await askGate(uploadLatency)).toMatchObject({ verdict: 'inconclusive' })
    expect(await askGate(uploadLatency, undefined, { occasion: 'soak' })).toMatchObject({
      verdict: 'skipped',
    })
  })

  it('is not enough without uploads', async () => {
    const metrics = quietPipeline(...components).histogram(uploads, [0, 0, 0, 0, 0], ...components)
    expect(await askGate(uploadLatency, metrics, { baseline })).toMatchObject({
      verdict: 'inconclusive',
      answer: 'No uploads of the pipeline (10:30–10:45 UTC): nothing is shown.',
    })
    expect(atMinute(15).toISOString()).toContain('10:45')
  })
})
