import { describe, expect, it } from '@jest/globals'
import { cannotPull, FakeCluster, FakeStore } from '@runbook-actions/shared/cluster/cluster.fixture.ts'
import { FakeLock } from '@runbook-actions/shared/cluster/lock.fixture.ts'
import type { LockState } from '@runbook-actions/shared/decide/lock.ts'
import { sourcesOf } from '@runbook-actions/shared/gates/sources.fixture.ts'
import { silent } from '@runbook-actions/shared/ports.ts'
import { appendPhase } from '@runbook-actions/shared/record/append.ts'
import { contenderOf } from '@runbook-actions/shared/record/contender.ts'
import { recordOf } from '@runbook-actions/shared/record/record.fixture.ts'
import { TEN_LINES } from '@runbook-actions/shared/runbook/example.ts'
import { loadRunbook } from '@runbook-actions/shared/runbook/load.ts'
import type { JobEnd } from './decide-resume.ts'
import { resume } from './resume.ts'
import { rollout } from './rollout.ts'

const names = ['event-ingester', 'download-worker', 'result-processor']
/** Where the consumer groups stand is not told. */
const { lag } = sourcesOf()
const windowed = (window: string) => loadRunbook(`${TEN_LINES}window: ${window}\n`, { file: 'runbook.yaml' })
const always = windowed('{ hours: "Mon-Sun 00:00-24:00", avoid: [] }')
const closed = windowed("{ freezes: [{ from: '2026-11-23', to: '2026-11-24', reason: audit }] }")
const limits = {
  deadlineMs: 600_000,
  settleMs: 0,
  imagePullMs: 42_000,
  unschedulableMs: 120_000,
  restarts: 2,
}
const { run } = recordOf()

/** Production whose rollout of v1.1.0 was killed as its download-worker had been written: nobody recorded an end. */
async function killedHalfWay(runbook = always) {
  const cluster = new FakeCluster(...names)
  const store = new FakeStore()
  const lock = new FakeLock()
  const now = new Date('2026-11-23T10:00:00Z')
  const clock = { now: () => now }
  const ports = { cluster, store, lag, lock, clock, log: silent, signal: new AbortController().signal }
  const handedOn = appendPhase(recordOf(), {
    phase: 're-check',
    outcome: 'passed',
    reason: 'checked',
    startedAt: now,
    endedAt: now,
  })
  const killed = new Error('killed')
  cluster.onWrite = ({ deployment }) => {
    if (deployment === 'result-processor') throw killed
  }
  const save = store.save.bind(store)
  store.save = (record) => (record.phases.at(-1)?.phase === 'rollout' ? Promise.reject(killed) : save(record))
  await rollout(
    { runbook: always, record: handedOn, limits, dryRun: false },
    { ...ports, checkWrite: () => undefined },
  )
  cluster.onWrite = () => undefined
  store.save = save
  const { openedAt: _, ...holder } = contenderOf(handedOn, run)
  const grip = { holder, acquiredAt: now, renewedAt: now, durationMs: 60_000, isBetweenJobs: false }
  const lockState: LockState = { grip }
  cluster.lockState = lockState
  const attempt = (after: JobEnd = 'failure', dryRun = false) =>
    resume({ runbook, record: handedOn, limits, dryRun, after, run }, ports)
  return { cluster, store, lock, handedOn, attempt }
}

const text = (result: Awaited<ReturnType<typeof resume>>): string =>
  result.summary.map((part) => (part.kind === 'decision' ? part.markdown : part.text)).join('\n')

const undone = (result: Awaited<ReturnType<typeof resume>>): string[] =>
  [...text(result).matchAll(/rollout undo deployment\/(\S+) --to-revision=1/g)].map(([, name = '']) => name)

const story = ({ record }: { readonly record: Awaited<ReturnType<typeof resume>>['record'] }) =>
  record.phases.map(({ phase, outcome }) => `${phase} ${outcome}`)

const halfWay = 'production: rolled out: event-ingester, download-worker; untouched: result-processor.'

describe('a rollout whose job was killed', () => {
  it('goes on with what is not rolled yet, under the lock, and tells the story', async () => {
    const { cluster, store, lock, attempt } = await killedHalfWay()
    const before = store.memory.latest?.snapshot
    const result = await attempt()
    expect(result.outcome).toBe('passed')
    expect(cluster.writes.map(({ deployment }) => deployment)).toEqual(names)
    expect(lock.calls).toEqual(['acquire', 'hand over'])
    expect(story(result)).toEqual(['re-check passed', 'resume passed', 'rollout passed'])
    expect(result.record.phases[1]?.gates.map(({ gate, verdict }) => `${gate} ${verdict}`)).toEqual([
      'deployment-window pass',
      'capacity skipped',
      'unchanged-since-plan warn',
      'ownership pass',
    ])
    expect(result.record.deployed).toHaveLength(3)
    expect(result.record.snapshot).toEqual(before)
    expect(store.memory.latest).toEqual(result.record)
    expect(text(result)).toContain(
      `**Resumed:** The job before ended in the middle of the rollout; ${halfWay}`,
    )
  })

  it('fails as any rollout where it cannot succeed, with the way back for all of it', async () => {
    const { cluster, lock, attempt } = await killedHalfWay()
    cluster.behaviours.set('result-processor', cannotPull)
    const result = await attempt()
    expect(result.outcome).toBe('failed')
    expect(undone(result)).toEqual(names.toReversed())
    expect(lock.calls).toEqual(['acquire', 'hand over'])
  })

  it('changes nothing in a dry run, not even the lock', async () => {
    const { cluster, store, lock, attempt } = await killedHalfWay()
    const saved = store.saved.length
    expect((await attempt('failure', true)).reason).toContain('Dry run: v1.1.0 would be rolled')
    expect((await attempt('cancelled', true)).outcome).toBe('cancelled')
    expect(cluster.writes.filter(({ deployment }) => deployment === 'result-processor')).toHaveLength(1)
    expect(store.saved).toHaveLength(saved)
    expect(lock.calls).toEqual([])
  })

  it('leaves what is rolled out to the phases after it', async () => {
    const stage = await killedHalfWay()
    await stage.attempt()
    const written = stage.cluster.writes.length
    const result = await stage.attempt()
    expect(result.outcome).toBe('passed')
    expect(story(result)).toEqual(['re-check passed', 'resume passed', 'rollout passed', 'resume passed'])
    expect(result.reason).toMatch(/ended during rollout; production has v1\.1\.0/)
    expect(stage.lock.calls).toEqual(['acquire', 'hand over'])
    expect(stage.cluster.writes).toHaveLength(written)
  })

  it('hands on the end that was recorded before its job was lost', async () => {
    const stage = await killedHalfWay()
    stage.cluster.behaviours.set('result-processor', cannotPull)
    const failed = await stage.attempt()
    const result = await stage.attempt()
    expect(result).toMatchObject({ outcome: 'failed', reason: failed.reason, record: failed.record })
    expect(text(result)).toContain('v1.1.0 failed at rollout, and its job could not tell it')
    expect(undone(result)).toEqual(names.toReversed())
  })
})

describe('a rollout that a machine must not go on with', () => {
  it('is frozen where the run was cancelled: recorded under the lock, which is kept', async () => {
    const { cluster, store, lock, attempt } = await killedHalfWay()
    const written = cluster.writes.length
    const result = await attempt('cancelled')
    expect(result).toMatchObject({
      outcome: 'cancelled',
      reason: `The run was cancelled or ran into its time limit, and nothing more is written. ${halfWay}`,
      next: 'Go back by the workflow Rollback or the command in the summary, or re-run the failed jobs: the rollout continues where it stopped.',
    })
    expect(text(result)).toContain('## 🟥 v1.1.0 was cancelled: production runs two versions')
    expect(undone(result)).toEqual(['download-worker', 'event-ingester'])
    expect(cluster.writes).toHaveLength(written)
    expect(lock.calls).toEqual(['acquire', 'hand over'])
    expect(store.memory.latest).toEqual(result.record)
    expect(story(result)).toEqual(['re-check passed', 'resume cancelled'])
  })

  it('is frozen where the window has closed meanwhile', async () => {
    const { cluster, store, lock, attempt } = await killedHalfWay(closed)
    const written = cluster.writes.length
    const result = await attempt()
    expect(result.outcome).toBe('held')
    expect(result.reason).toMatch(/^deployment-window is fail: .*audit/)
    expect(text(result)).toContain('## 🟥 v1.1.0 is frozen: production runs two versions')
    expect(cluster.writes).toHaveLength(written)
    expect(store.memory.latest?.phases.at(-1)).toMatchObject({ phase: 'resume', outcome: 'held' })
    expect(lock.calls).toEqual(['acquire', 'hand over'])
  })

  it('is frozen where somebody changed production meanwhile', async () => {
    const { cluster, attempt } = await killedHalfWay()
    const state = cluster.states.get('result-processor')!
    const image = 'registry.local/result-processor:mine'
    const container = { ...state.deployment.spec!.template.spec!.containers[0]!, image }
    const template = { ...state.deployment.spec!.template, spec: { containers: [container] } }
    const spec = { ...state.deployment.spec!, template }
    cluster.states.set('result-processor', { ...state, deployment: { ...state.deployment, spec } })
    const result = await attempt()
    expect(result.outcome).toBe('held')
    expect(result.reason).toMatch(/^unchanged-since-plan is fail/)
    expect(result.reason).toContain('changed by somebody else: result-processor')
  })

  it.each([
    ['a rollback holds the lock by now', true],
    ['a rollback takes it in the very moment', false],
  ])('is frozen and waits where %s: no way back is offered', async (_, isKnown) => {
    const { cluster, store, lock, attempt } = await killedHalfWay()
    const saved = store.saved.length
    lock.refusal = 'A rollback began'
    if (isKnown) cluster.lockState = { ...cluster.lockState, closedBefore: new Date('2026-11-23T10:00:00Z') }
    const result = await attempt()
    expect(result.outcome).toBe('held')
    expect(result.reason).toContain('A rollback began')
    expect(result.reason).toContain(halfWay)
    expect(text(result)).not.toContain('rollout undo')
    expect(store.saved).toHaveLength(saved)
  })

  it('says that production is unchanged where nothing was begun', async () => {
    const { cluster, store, lock, attempt } = await killedHalfWay()
    for (const [name, state] of new FakeCluster(...names).states) cluster.states.set(name, state)
    store.memory = { latest: undefined, knownGood: undefined }
    cluster.lockState = {}
    const result = await attempt()
    expect(result).toMatchObject({
      outcome: 'failed',
      next: 'See that job for the cause, then re-run the failed jobs.',
    })
    expect(text(result)).toContain('## 🟥 v1.1.0 was not begun: production is unchanged')
    expect(lock.calls).toEqual([])
  })
})
