import { describe, expect, it } from '@jest/globals'
import { FakeCluster, FakeStore, goodRelease } from '@runbook-actions/shared/cluster/cluster.fixture.ts'
import { FakeLock } from '@runbook-actions/shared/cluster/lock.fixture.ts'
import { sourcesOf } from '@runbook-actions/shared/gates/sources.fixture.ts'
import { silent } from '@runbook-actions/shared/ports.ts'
import { recordOf } from '@runbook-actions/shared/record/record.fixture.ts'
import { loadRunbook } from '@runbook-actions/shared/runbook/load.ts'
import { lockedStage } from './locked.ts'

const runbook = loadRunbook(
  `version: 1
pipeline: kafka-pipeline
environments: { production: { namespace: kafka-pipeline } }
components: [{ deployment: event-ingester }]
`,
  { file: 'runbook.yaml' },
)

function setUp() {
  const cluster = new FakeCluster('event-ingester')
  const store = new FakeStore()
  const lock = new FakeLock()
  const record = recordOf({ deployed: goodRelease('v1.1.0', cluster).components })
  const { signal } = new AbortController()
  const run = (dryRun = false) =>
    lockedStage(
      { runbook, record, stage: 'post-deploy', dryRun },
      { sources: sourcesOf({ cluster }), store, lock, log: silent, signal, tell: () => Promise.resolve() },
    )
  return { cluster, store, lock, run }
}

describe('the validation under the lock', () => {
  it('keeps the lock for the watch where the release is good', async () => {
    const { lock, run } = setUp()
    expect((await run()).outcome).toBe('passed')
    expect(lock.calls).toEqual(['acquire', 'hand over'])
  })

  it('keeps it for whoever decides where the release is not', async () => {
    const { cluster, lock, run } = setUp()
    cluster.answer = () => ({ status: 500, body: '' })
    expect((await run()).outcome).toBe('failed')
    expect(lock.calls).toEqual(['acquire', 'hand over'])
  })

  it('is blocked where another run holds it, and records nothing', async () => {
    const { store, lock, run } = setUp()
    lock.refusal = 'olga asked for the lock to roll back'
    const result = await run()
    expect(result).toMatchObject({ outcome: 'blocked', reason: lock.refusal, next: 'Wait.' })
    expect(result.record.phases.at(-1)).toMatchObject({ phase: 'validate', outcome: 'blocked' })
    expect(store.saved).toEqual([])
  })

  it('calls nothing good that was rolled back while it asked', async () => {
    const { cluster, store, lock, run } = setUp()
    cluster.answer = () => {
      lock.end('asked')
      return { status: 200, body: '' }
    }
    expect((await run()).outcome).toBe('cancelled')
    expect(store.memory.knownGood).toBeUndefined()
    expect(lock.calls).toEqual(['acquire', 'hand over'])
  })

  it('does without in a dry run', async () => {
    const { lock, run } = setUp()
    expect((await run(true)).outcome).toBe('passed')
    expect(lock.calls).toEqual([])
  })
})
