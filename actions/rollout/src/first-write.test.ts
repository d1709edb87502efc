import { describe, expect, it } from '@jest/globals'
import { FakeCluster, FakeStore } from '@runbook-actions/shared/cluster/cluster.fixture.ts'
import { sourcesOf } from '@runbook-actions/shared/gates/sources.fixture.ts'
import { silent } from '@runbook-actions/shared/ports.ts'
import { recordOf } from '@runbook-actions/shared/record/record.fixture.ts'
import { TEN_LINES } from '@runbook-actions/shared/runbook/example.ts'
import { loadRunbook } from '@runbook-actions/shared/runbook/load.ts'
import { rollout } from './rollout.ts'

const names = ['event-ingester', 'download-worker', 'result-processor']
/** Where the consumer groups stand is not told. */
const { lag } = sourcesOf()
const limits = {
  deadlineMs: 600_000,
  settleMs: 1_000,
  imagePullMs: 42_000,
  unschedulableMs: 120_000,
  restarts: 2,
}

/** A rollout to a namespace whose quota has room for `free` more pods. */
async function rollWith(free: number, { mode = 'enforce', dryRun = false } = {}) {
  const cluster = new FakeCluster(...names)
  const hard = { pods: String(10 + free) }
  cluster.namespaceLimits = {
    quotas: [{ metadata: { name: 'team' }, spec: { hard }, status: { hard, used: { pods: '10' } } }],
    limitRanges: [],
  }
  const store = new FakeStore()
  const runbook = loadRunbook(`${TEN_LINES}gates: { capacity: { mode: ${mode} } }\n`, {
    file: 'runbook.yaml',
  })
  let now = Date.parse('2026-11-23T10:00:00Z')
  const clock = { now: () => new Date((now += 1_000)) }
  const signal = new AbortController().signal
  const inputs = { runbook, record: recordOf({ environment: 'staging' }), limits, dryRun }
  const result = await rollout(inputs, {
    cluster,
    store,
    lag,
    checkWrite: () => undefined,
    clock,
    log: silent,
    signal,
  })
  return {
    result,
    saved: store.saved.length,
    written: cluster.writes.length,
    gates: result.record.phases.at(-1)?.gates.map(({ gate, verdict }) => `${gate} ${verdict}`),
    headline: result.summary[0]?.kind === 'decision' ? result.summary[0].markdown : '',
  }
}

describe('before the first write of a rollout', () => {
  it('is asked whether there is room for the new pods, in every environment', async () => {
    const { result, written, gates } = await rollWith(1)
    expect(result.outcome).toBe('passed')
    expect(written).toBe(3)
    expect(gates).toEqual(['capacity pass'])
  })

  it('nothing is written where there is none, not even the record', async () => {
    const { result, saved, written, gates } = await rollWith(0)
    expect(result).toMatchObject({
      outcome: 'blocked',
      reason: expect.stringMatching(
        /^capacity is fail: event-ingester: not one pod can be replaced \(quota "team"/,
      ) as unknown,
    })
    expect(result.next).toContain('Nothing was changed')
    expect([saved, written]).toEqual([0, 0])
    expect(gates).toEqual(['capacity fail'])
  })

  it('goes on where the team only wants to be told', async () => {
    const { result, written, gates } = await rollWith(0, { mode: 'warn' })
    expect(result.outcome).toBe('passed')
    expect(written).toBe(3)
    expect(gates).toEqual(['capacity warn'])
  })

  it('a dry run shows what would change, and that a real run would be blocked', async () => {
    const { result, saved, headline } = await rollWith(0, { dryRun: true })
    expect(result).toMatchObject({
      outcome: 'blocked',
      reason: expect.stringContaining('Dry run: a real one would be blocked. capacity is fail') as unknown,
    })
    expect(headline).toContain('nothing was changed\n**Do:** mend this first.')
    expect(JSON.stringify(result.summary)).toContain('nothing stored')
    expect(saved).toBe(0)
  })
})
