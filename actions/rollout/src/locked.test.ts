import { describe, expect, it } from '@jest/globals'
import { cannotPull, FakeCluster, FakeStore } from '@runbook-actions/shared/cluster/cluster.fixture.ts'
import { FakeLock } from '@runbook-actions/shared/cluster/lock.fixture.ts'
import { sourcesOf } from '@runbook-actions/shared/gates/sources.fixture.ts'
import { silent } from '@runbook-actions/shared/ports.ts'
import { recordOf } from '@runbook-actions/shared/record/record.fixture.ts'
import { TEN_LINES } from '@runbook-actions/shared/runbook/example.ts'
import { loadRunbook } from '@runbook-actions/shared/runbook/load.ts'
import { lockedRollout } from './locked.ts'

const limits = {
  deadlineMs: 600_000,
  settleMs: 1_000,
  imagePullMs: 42_000,
  unschedulableMs: 120_000,
  restarts: 2,
}
const names = ['event-ingester', 'download-worker', 'result-processor']
/** Where the consumer groups stand is not told. */
const { lag } = sourcesOf()
const windowed = (window: string) => loadRunbook(`${TEN_LINES}window: ${window}\n`, { file: 'runbook.yaml' })
const always = windowed('{ hours: "Mon-Sun 00:00-24:00", avoid: [] }')

function setUp(record = recordOf(), runbook = always) {
  const cluster = new FakeCluster(...names)
  const store = new FakeStore()
  const lock = new FakeLock()
  const said: string[] = []
  let now = Date.parse('2026-11-23T10:00:00Z')
  const clock = { now: () => new Date((now += 1_000)) }
  const log = { ...silent, info: (line: string) => void said.push(line) }
  const run = (dryRun = false, signal = new AbortController().signal) =>
    lockedRollout({ runbook, record, limits, dryRun }, { cluster, store, lag, lock, clock, log, signal })
  return { cluster, store, lock, said, run }
}

describe('the rollout under the lock', () => {
  it('takes the lock before its first write and leaves it to the next job', async () => {
    const { cluster, lock, run } = setUp()
    let before: string[] = []
    cluster.onWrite = () => (before = [...lock.calls])
    expect((await run()).outcome).toBe('passed')
    expect(before).toEqual(['acquire'])
    expect(lock.calls).toEqual(['acquire', 'hand over'])
  })

  it('leaves it to the next job also where it fails: production is half-way', async () => {
    const { cluster, lock, run } = setUp()
    cluster.behaviours.set('download-worker', cannotPull)
    expect((await run()).outcome).toBe('failed')
    expect(lock.calls).toEqual(['acquire', 'hand over'])
  })

  it('gives it back where the window has closed: nothing was written', async () => {
    const frozen = windowed("{ freezes: [{ from: '2026-11-23', to: '2026-11-24', reason: audit }] }")
    const { lock, run } = setUp(recordOf(), frozen)
    expect((await run()).outcome).toBe('blocked')
    expect(lock.calls).toEqual(['acquire', 'release'])
  })

  it('gives it back where it fails in staging: the next version may come at once', async () => {
    const { cluster, lock, run } = setUp(recordOf({ environment: 'staging' }))
    cluster.behaviours.set('download-worker', cannotPull)
    expect((await run()).outcome).toBe('failed')
    expect(lock.calls).toEqual(['acquire', 'release'])
  })

  it('leaves it also where it throws', async () => {
    const { cluster, lock, run } = setUp()
    cluster.states.delete('download-worker')
    await expect(run()).rejects.toThrow('no Deployment download-worker')
    expect(lock.calls).toEqual(['acquire', 'hand over'])
  })

  it('is blocked where another run holds it, and writes nothing, not even the record', async () => {
    const { cluster, store, lock, run } = setUp()
    lock.refusal = 'Another run holds the lock: run 2 by marc'
    const result = await run()
    expect(result).toMatchObject({ outcome: 'blocked', reason: lock.refusal, next: 'Wait.' })
    expect(result.record.phases.at(-1)).toMatchObject({ phase: 'rollout', outcome: 'blocked' })
    expect(result.summary[0]).toMatchObject({
      markdown: expect.stringContaining(
        '## 🟥 v1.1.0 is blocked: production is or was changed by another run\n**Do:** see what that run does',
      ) as unknown,
    })
    expect(cluster.writes).toEqual([])
    expect(store.saved).toEqual([])
  })

  it('stops writing when a rollback asks for it, says how far it came, and yields', async () => {
    const { cluster, store, lock, run } = setUp()
    cluster.onWrite = ({ deployment }) => {
      if (deployment === 'download-worker') lock.end('asked')
    }
    const result = await run()
    expect(result.outcome).toBe('cancelled')
    expect(result.reason).toMatch(/^Stopped \(olga asked for the lock\): rolled out: event-ingester/)
    expect(cluster.writes.map(({ deployment }) => deployment)).toEqual(['event-ingester', 'download-worker'])
    expect(store.memory.latest?.phases.at(-1)).toMatchObject({ outcome: 'cancelled' })
    expect(lock.calls.at(-1)).toBe('hand over')
    expect(result.next).toMatch(/^See what holds the lock now/)
    expect(result.summary[1]).toMatchObject({
      markdown: expect.stringMatching(/^\*\*Wait:\*\* olga asked for the lock/) as unknown,
    })
  })

  it('saves nothing any more where the lock was lost: the record is another run’s', async () => {
    const { cluster, store, lock, run } = setUp()
    let savedBefore = 0
    cluster.onWrite = ({ deployment }) => {
      if (deployment !== 'download-worker') return
      savedBefore = store.saved.length
      lock.end('lost')
    }
    const result = await run()
    expect(result.reason).toMatch(/^Stopped \(run 2 has the lock\)/)
    expect(store.saved).toHaveLength(savedBefore)
  })

  it('writes nothing where the lock ends in the very moment before the write', async () => {
    const { cluster, lock, run } = setUp()
    const components = cluster.components.bind(cluster)
    cluster.components = (asked) => {
      lock.end('lost')
      return components(asked)
    }
    expect((await run()).reason).toMatch(/^Stopped \(run 2 has the lock\): untouched: event-ingester/)
    expect(cluster.writes).toEqual([])
  })

  it('takes no lock in a dry run, and says who holds it', async () => {
    const { lock, said, run } = setUp()
    lock.refusal = 'Another run holds the lock: run 2 by marc'
    expect((await run(true)).outcome).toBe('passed')
    expect(lock.calls).toEqual(['look'])
    expect(said).toContain('A real run would be blocked. Another run holds the lock: run 2 by marc')
  })
})
