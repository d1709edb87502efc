import { describe, expect, it } from '@jest/globals'
import { FakeCluster, FakeStore } from '@runbook-actions/shared/cluster/cluster.fixture.ts'
import { sourcesOf } from '@runbook-actions/shared/gates/sources.fixture.ts'
import { silent } from '@runbook-actions/shared/ports.ts'
import { withWindowOverride } from '@runbook-actions/shared/record/override.ts'
import { recordOf } from '@runbook-actions/shared/record/record.fixture.ts'
import type { DeploymentRecord } from '@runbook-actions/shared/record/schema.ts'
import { TEN_LINES } from '@runbook-actions/shared/runbook/example.ts'
import { loadRunbook } from '@runbook-actions/shared/runbook/load.ts'
import { rollout } from './rollout.ts'

const names = ['event-ingester', 'download-worker', 'result-processor']
/** Where the consumer groups stand is not told. */
const { lag } = sourcesOf()
const runbook = loadRunbook(
  `${TEN_LINES}window: { hours: "Mon-Fri 09:00-17:00", avoid: [friday-afternoon, day-before-holiday], holidays: DE-BE }\n`,
  { file: 'runbook.yaml' },
)
const holidays = {
  region: 'DE-BE',
  until: '2027-07-09',
  dates: [{ date: '2026-12-25', name: 'Christmas Day' }],
}
const limits = {
  deadlineMs: 600_000,
  settleMs: 1_000,
  imagePullMs: 42_000,
  unschedulableMs: 120_000,
  restarts: 2,
}

/** A rollout that begins at `time`; each component that is written takes `takesMs`. */
async function rollAt(time: string, more: Partial<DeploymentRecord> = {}, takesMs = 0) {
  const cluster = new FakeCluster(...names)
  const store = new FakeStore()
  let now = Date.parse(time)
  const clock = { now: () => new Date((now += 1_000)) }
  cluster.onWrite = () => void (now += takesMs)
  const result = await rollout(
    { runbook, record: recordOf({ holidays, ...more }), limits, dryRun: false },
    {
      cluster,
      store,
      lag,
      checkWrite: () => undefined,
      clock,
      log: silent,
      signal: new AbortController().signal,
    },
  )
  return { result, store, written: cluster.writes.map(({ deployment }) => deployment) }
}
const gatesOf = (record: DeploymentRecord) =>
  record.phases
    .at(-1)
    ?.gates.filter(({ gate }) => gate === 'deployment-window')
    .map(({ gate, verdict }) => `${gate} ${verdict}`)

describe('the window during a rollout', () => {
  it('is asked again before the first write, and the answer is recorded', async () => {
    const { result, written } = await rollAt('2026-11-23T10:00:00Z')
    expect(result.outcome).toBe('passed')
    expect(written).toEqual(names)
    expect(gatesOf(result.record)).toEqual(['deployment-window pass'])
  })

  it.each([
    ['Friday afternoon', '2026-11-27T11:30:00Z', 'reach into Friday afternoon'],
    ['the day before a holiday', '2026-12-24T10:00:00Z', 'the day before a holiday (Christmas Day)'],
  ])('blocks before the first write on %s: nothing is written, not even the record', async (_, time, why) => {
    const { result, store, written } = await rollAt(time)
    expect(result).toMatchObject({ outcome: 'blocked', reason: expect.stringContaining(why) as unknown })
    expect(result.next).toContain('Nothing was changed')
    expect(written).toEqual([])
    expect(store.saved).toEqual([])
    expect(gatesOf(result.record)).toEqual(['deployment-window fail'])
    expect(result.summary[0]).toMatchObject({
      markdown: expect.stringContaining('v1.1.0 is blocked: production is unchanged') as unknown,
    })
  })

  it('blocks where nobody looked the holidays up, unless a person gives a reason', async () => {
    const known = recordOf()
    expect((await rollAt('2026-11-23T10:00:00Z', { ...known, holidays: undefined })).result).toMatchObject({
      outcome: 'blocked',
      reason: expect.stringContaining('deployment-window is unknown') as unknown,
    })
    const clock = { now: () => new Date('2026-12-24T10:00:00Z') }
    const { overrides } = withWindowOverride(known, 'data loss is worse', 'rosa', clock)
    const { result } = await rollAt('2026-12-24T10:00:00Z', { overrides })
    expect(result.outcome).toBe('passed')
    expect(gatesOf(result.record)).toContain('deployment-window warn')
  })

  it('goes on where it closes between two components, and records a warning for each that is late', async () => {
    // 1 h 10 min are needed and there are 75; each component takes 8, so before the third the watch ends after noon.
    const { result, written } = await rollAt('2026-11-27T10:45:00Z', {}, 8 * 60_000)
    expect(written).toEqual(names)
    expect(result.outcome).toBe('passed')
    expect(gatesOf(result.record)).toEqual(['deployment-window pass', 'deployment-window warn'])
  })

  it('is nothing to staging, and nothing where nothing is to be written', async () => {
    const staging = await rollAt('2026-12-24T10:00:00Z', { environment: 'staging' })
    expect(staging.result.outcome).toBe('passed')
    expect(gatesOf(staging.result.record)).toEqual([])
    const plan = recordOf().plan.map((component) => ({ ...component, to: component.from }))
    const again = await rollAt('2026-12-24T10:00:00Z', { plan })
    expect(again.result.outcome).toBe('passed')
  })
})
