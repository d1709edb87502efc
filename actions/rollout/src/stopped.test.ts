import { describe, expect, it } from '@jest/globals'
import { cannotPull, FakeCluster, FakeStore } from '@runbook-actions/shared/cluster/cluster.fixture.ts'
import { UserError } from '@runbook-actions/shared/errors.ts'
import { sourcesOf } from '@runbook-actions/shared/gates/sources.fixture.ts'
import { silent } from '@runbook-actions/shared/ports.ts'
import { recordOf } from '@runbook-actions/shared/record/record.fixture.ts'
import { TEN_LINES } from '@runbook-actions/shared/runbook/example.ts'
import { loadRunbook } from '@runbook-actions/shared/runbook/load.ts'
import { rollout } from './rollout.ts'

const names = ['event-ingester', 'download-worker', 'result-processor']
/** Where the consumer groups stand is not told. */
const { lag } = sourcesOf()
const runbook = loadRunbook(`${TEN_LINES}window: { hours: "Mon-Sun 00:00-24:00", avoid: [] }\n`, {
  file: 'runbook.yaml',
})
const limits = {
  deadlineMs: 600_000,
  settleMs: 0,
  imagePullMs: 42_000,
  unschedulableMs: 120_000,
  restarts: 2,
}

/** A namespace, and attempts at v1.1.0 that can be stopped. */
function setUp() {
  const cluster = new FakeCluster(...names)
  const store = new FakeStore()
  const clock = { now: () => new Date('2026-11-23T10:00:00Z') }
  const attempt = (signal = new AbortController().signal) =>
    rollout(
      { runbook, record: recordOf(), limits, dryRun: false },
      { cluster, store, lag, checkWrite: () => undefined, clock, log: silent, signal },
    )
  return { cluster, store, attempt }
}

/** Attempts v1.1.0 and cancels it while the Deployment is written. */
function cancelAt({ cluster, attempt }: ReturnType<typeof setUp>, name: string) {
  const controller = new AbortController()
  cluster.onWrite = ({ deployment }) => {
    if (deployment === name) controller.abort(new Error('cancelled by SIGINT'))
  }
  return attempt(controller.signal)
}

const text = (result: Awaited<ReturnType<typeof rollout>>): string =>
  result.summary.map((part) => (part.kind === 'decision' ? part.markdown : part.text)).join('\n')

const undone = (result: Awaited<ReturnType<typeof rollout>>): string[] =>
  [...text(result).matchAll(/rollout undo deployment\/(\S+) --to-revision=1/g)].map(([, name = '']) => name)

describe('a rollout that is cancelled', () => {
  it('names the state of every component, and how to go back from all that it has touched', async () => {
    const result = await cancelAt(setUp(), 'download-worker')
    expect(result).toMatchObject({
      outcome: 'cancelled',
      reason:
        'Stopped (cancelled by SIGINT): rolled out: event-ingester; half-way: download-worker; untouched: result-processor.',
    })
    expect(result.next).toContain('Go back by the workflow Rollback or the command in the summary')
    expect(undone(result)).toEqual(['download-worker', 'event-ingester'])
  })

  it('leaves the record of what runs alone where nothing was begun', async () => {
    const stage = setUp()
    const before = recordOf({ version: 'v1.0.0' })
    stage.store.memory = { latest: before, knownGood: undefined }
    stage.cluster.components = () => Promise.reject(new Error('aborted'))
    const result = await stage.attempt(AbortSignal.abort(new Error('cancelled by SIGINT')))
    expect(result.outcome).toBe('cancelled')
    expect(result.next).toContain('Nothing was changed')
    expect(stage.store.memory.latest).toBe(before)
  })

  it('hands its record on also where it cannot be saved any more', async () => {
    const stage = setUp()
    const { store } = stage
    const save = store.save.bind(store)
    store.save = (record) =>
      record.phases.length > 0 ? Promise.reject(new Error('the API server is gone')) : save(record)
    const result = await cancelAt(stage, 'download-worker')
    expect(result.outcome).toBe('cancelled')
    expect(result.record.phases.at(-1)).toMatchObject({ phase: 'rollout', outcome: 'cancelled' })
  })
})

describe('a rollout that the cluster stops', () => {
  it('ends as failed with the reason, in the record, too, and says how to go back', async () => {
    const { cluster, store, attempt } = setUp()
    cluster.onWrite = ({ deployment }) => {
      if (deployment === 'download-worker')
        throw new UserError('It was changed by somebody else.', 'See who.')
    }
    const result = await attempt()
    expect(result).toMatchObject({ outcome: 'failed', reason: 'It was changed by somebody else.' })
    expect(undone(result)).toEqual(['download-worker', 'event-ingester'])
    expect(store.memory.latest?.phases.at(-1)).toMatchObject({ phase: 'rollout', outcome: 'failed' })
  })
})

describe('a rollout that is run again', () => {
  it('goes on where it stopped and ends as if nothing had happened', async () => {
    const undisturbed = setUp()
    const wanted = await undisturbed.attempt()
    const stage = setUp()
    await cancelAt(stage, 'download-worker')
    stage.cluster.onWrite = () => undefined
    const result = await stage.attempt()
    expect(result).toMatchObject({ outcome: 'passed', record: { snapshot: wanted.record.snapshot } })
    expect(result.record.deployed).toEqual(wanted.record.deployed)
    expect(stage.cluster.writes.map(({ deployment }) => deployment)).toEqual(names)
  })

  it('keeps the state to go back to where nothing is left to write', async () => {
    const stage = setUp()
    const { record } = await cancelAt(stage, 'result-processor')
    const result = await stage.attempt()
    expect(result).toMatchObject({
      outcome: 'passed',
      reason: 'production runs v1.1.0 already: nothing was changed.',
    })
    expect(stage.store.memory.latest).toMatchObject({ snapshot: record.snapshot })
    expect(result.record.deployed).toHaveLength(3)
  })

  it('says how to go back from what the attempt before has rolled, too', async () => {
    const stage = setUp()
    stage.cluster.behaviours.set('download-worker', cannotPull)
    await stage.attempt()
    const again = await stage.attempt()
    expect(again.outcome).toBe('failed')
    expect(undone(again)).toEqual(['download-worker', 'event-ingester'])
  })
})
