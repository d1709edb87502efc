import { describe, expect, it } from '@jest/globals'
import type { Logger } from '../ports.ts'
import type { ComponentWatch } from './cluster.ts'
import type { ComponentState } from './component.ts'
import { deploymentOf, podOf, replicaSetOf, settledComponent } from './component.fixture.ts'
import { followRollout, type RolloutLimits } from './follow-rollout.ts'

const start = new Date('2026-11-23T10:00:00Z')
const limits: RolloutLimits = {
  deadlineMs: 600_000,
  settleMs: 5_000,
  imagePullMs: 42_000,
  unschedulableMs: 120_000,
  restarts: 2,
}
const at = (seconds: number): number => start.getTime() + seconds * 1000

const deployment = deploymentOf()
const current = replicaSetOf(deployment, 'new', '2')
const rolling = settledComponent({ status: { updatedReplicas: 2, replicas: 7, availableReplicas: 5 } })
const pulling = settledComponent(
  { status: { updatedReplicas: 6, availableReplicas: 5 } },
  { pods: [podOf(current, 'a', { waiting: { reason: 'ImagePullBackOff', message: 'manifest unknown' } })] },
)

/** Plays a script of states by the second, on a clock that jumps to whatever happens next. */
function play(script: readonly (readonly [second: number, state: ComponentState | undefined])[]) {
  let now = start.getTime()
  const lines: string[] = []
  const log: Logger = {
    debug: () => undefined,
    info: (line) => lines.push(line),
    warn: () => undefined,
    error: () => undefined,
    external: () => undefined,
    group: (_, work) => work(),
  }
  const watch: ComponentWatch = {
    state: () => script.findLast(([second]) => at(second) <= now)?.[1],
    next: (until) => {
      const change = script.find(([second]) => at(second) > now)
      now = Math.min(until.getTime(), change === undefined ? Number.POSITIVE_INFINITY : at(change[0]))
      return Promise.resolve()
    },
    close: () => undefined,
  }
  const controller = new AbortController()
  const clock = { now: () => new Date(now) }
  const follow = () =>
    followRollout(watch, 'download-worker', {
      since: start,
      generation: 2,
      limits,
      clock,
      log,
      signal: controller.signal,
    })
  return { follow, lines, controller, seconds: () => (now - start.getTime()) / 1000 }
}

describe('followRollout', () => {
  it("says each step once in kubectl's words, and ends when the finished state has settled", async () => {
    const run = play([
      [0, rolling],
      [1, rolling],
      [2, settledComponent()],
    ])
    const end = await run.follow()
    expect(end).toMatchObject({ outcome: 'complete', revision: '2', fewestReady: 6 })
    expect(run.seconds()).toBe(7)
    expect(run.lines).toEqual([
      'Waiting for deployment "download-worker" rollout to finish: 2 out of 6 new replicas have been updated...',
      'deployment "download-worker" successfully rolled out',
    ])
  })

  it('starts the settling anew when a container restarts', async () => {
    const restarted = settledComponent({ replicas: 1 }, { pods: [podOf(current, 'a', { restarts: 1 })] })
    const run = play([
      [0, settledComponent({ replicas: 1 })],
      [4, restarted],
    ])
    expect((await run.follow()).outcome).toBe('complete')
    expect(run.seconds()).toBe(9)
  })

  it('does not end a rollout whose image heals within its patience', async () => {
    const run = play([
      [0, pulling],
      [40, settledComponent()],
    ])
    expect((await run.follow()).outcome).toBe('complete')
  })

  it('ends 42 s after the first failed pull, at once and not at the deadline', async () => {
    const run = play([
      [0, rolling],
      [3, pulling],
    ])
    const end = await run.follow()
    expect(run.seconds()).toBe(45)
    expect(end).toMatchObject({
      outcome: 'failed',
      reason: 'Pod download-worker-new-a: its image cannot be pulled: ImagePullBackOff: manifest unknown',
    })
    expect(end.evidence[0]).toBe(
      'download-worker-new-a/download-worker: image-pull: ImagePullBackOff: manifest unknown',
    )
  })

  it('does not blame a release for the crash loop of the one before it', async () => {
    const crashing = { pods: [podOf(current, 'a', { restarts: 5, waiting: { reason: 'CrashLoopBackOff' } })] }
    const run = play([
      [0, settledComponent({ generation: 1, observed: 1 }, crashing)],
      [1, settledComponent({ generation: 2, observed: 1 }, crashing)],
      [2, settledComponent()],
    ])
    expect((await run.follow()).outcome).toBe('complete')
  })

  it('ends at its own deadline where nothing says why', async () => {
    const run = play([[0, rolling]])
    const end = await run.follow()
    expect(run.seconds()).toBe(600)
    expect(end.reason).toContain('did not finish within 600 s: Waiting for deployment')
  })

  it('counts the fewest pods that were Ready at one time', async () => {
    const fewer = settledComponent(
      { status: { updatedReplicas: 2, replicas: 7, availableReplicas: 4 } },
      { pods: [podOf(current, 'a'), podOf(current, 'b', { ready: false })] },
    )
    expect(
      (
        await play([
          [0, fewer],
          [5, settledComponent()],
        ]).follow()
      ).fewestReady,
    ).toBe(1)
  })

  it('stops where the Deployment is deleted', async () => {
    expect(
      await play([
        [0, rolling],
        [1, undefined],
      ]).follow(),
    ).toMatchObject({
      outcome: 'failed',
      reason: 'Deployment "download-worker" was deleted while it was rolled out.',
    })
  })

  it('throws the reason when it is cancelled', async () => {
    const run = play([[0, rolling]])
    run.controller.abort(new Error('cancelled by a person'))
    await expect(run.follow()).rejects.toThrow('cancelled by a person')
  })
})
